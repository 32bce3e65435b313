// From the body of an answer to where its bytes belong, in pieces large enough for a disk. No pipe of streams lies between
// the two: with one, a download took 3 to 5 % more processor time.
import { finished } from 'node:stream/promises';
import type { ByteRange } from './byte-ranges.ts';
import type { Hub, HubAnswer } from './open-hub.ts';

// What a core's cache holds beside the rest: of 1 MB, much was fetched from memory again for the write.
const WRITE_BYTES = 256 << 10;

/** Null = done already; else nothing more is received before it is. */
export type WritePieces = (pieces: readonly Buffer[], start: number) => Promise<void> | null;

/** Where receiving has got to; what is before has been written. */
export interface Cursor {
  at: number;
}

export interface ReceiveTarget {
  range: ByteRange;
  cursor: Cursor;
  write: WritePieces;
  /** The cursor has moved. */
  onWritten?: () => void;
}

/**
 * Receives what `range` lacks from `cursor.at` on, and moves the cursor with every write, also when it then faults.
 * Faults: HUB_UNREACHABLE when the body breaks off, those of `write`.
 */
export async function receive(hub: Hub, answer: HubAnswer, target: ReceiveTarget): Promise<void> {
  const receiver = new Receiver(hub, answer.body, target);
  // Not iterated: an iterator joins pieces that wait, by copying them.
  answer.body.on('data', (piece: Buffer) => {
    receiver.take(piece);
  });
  const end = await finished(answer.body).catch((error: unknown) => error);
  // What has come is kept for the next try, unless it was the disk that failed.
  await receiver.finish();
  if (target.cursor.at < target.range.end)
    throw hub.brokenBody(end ?? new Error('it sent less than it promised'), answer.url);
}

class Receiver {
  readonly #hub: Hub;
  readonly #body: HubAnswer['body'];
  readonly #target: ReceiveTarget;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(hub: Hub, body: HubAnswer['body'], target: ReceiveTarget) {
    this.#hub = hub;
    this.#body = body;
    this.#target = target;
  }

  take(piece: Buffer): void {
    const { range, cursor } = this.#target;
    const wanted = piece.subarray(0, range.end - cursor.at - this.#heldBytes);
    this.#held.push(wanted);
    this.#heldBytes += wanted.length;
    if (wanted.length < piece.length) this.#body.destroy(new Error('it sent more than it promised'));
    else if (this.#heldBytes >= WRITE_BYTES) this.#write();
  }

  /** Resolves when all that was received is written. */
  async finish(): Promise<void> {
    await this.#writing;
    if (this.#heldBytes > 0) this.#write();
    await this.#writing;
  }

  #write(): void {
    const { cursor, write, onWritten } = this.#target;
    const [pieces, sizeBytes] = [this.#held, this.#heldBytes];
    [this.#held, this.#heldBytes] = [[], 0];
    const settle = (): void => {
      cursor.at += sizeBytes;
      this.#hub.memory.giveBack(pieces);
      onWritten?.();
    };
    const written = write(pieces, cursor.at);
    if (written === null) {
      settle();
      return;
    }
    this.#body.pause();
    this.#writing = written.then(settle);
    this.#writing.then(
      () => this.#body.resume(),
      // Whoever finishes hears of it.
      () => this.#body.destroy(),
    );
  }
}
