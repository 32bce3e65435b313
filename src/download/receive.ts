// From the body of an answer into a sink, in pieces large enough for a disk. One write runs while the next is received.
import type { ByteRange } from './byte-ranges.ts';
import type { Hub, HubAnswer } from './open-hub.ts';

// One write per 64 KB, as they come from a socket, took half again as long.
const WRITE_BYTES = 1 << 20;

export type WritePieces = (pieces: readonly Buffer[], start: number) => Promise<void>;

/** Where receiving has got to; what is before has been written. */
export interface Cursor {
  at: number;
}

/**
 * Receives what `range` lacks from `cursor.at` on, and moves the cursor with every write, also when it then faults.
 * Faults: HUB_UNREACHABLE when the body breaks off, those of `write`.
 */
export async function receive(
  hub: Hub,
  answer: HubAnswer,
  { range, cursor, write }: { range: ByteRange; cursor: Cursor; write: WritePieces },
): Promise<void> {
  const sink = new Sink(cursor, write);
  let receivedTo = cursor.at;
  try {
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      const wanted = piece.subarray(0, range.end - receivedTo);
      receivedTo += wanted.length;
      if (wanted.length > 0) await sink.take(wanted);
      // Left to its end otherwise, so that the connection serves again.
      if (wanted.length < piece.length) break;
    }
  } catch (error) {
    // What has come is kept for the next try, unless it was the disk that failed.
    await sink.finish();
    throw hub.brokenBody(error, answer.url);
  }
  await sink.finish();
  if (receivedTo < range.end) throw hub.brokenBody(new Error('it sent less than it promised'), answer.url);
}

class Sink {
  readonly #cursor: Cursor;
  readonly #write: WritePieces;
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(cursor: Cursor, write: WritePieces) {
    this.#cursor = cursor;
    this.#write = write;
  }

  async take(piece: Buffer): Promise<void> {
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes >= WRITE_BYTES) await this.#flush();
  }

  async finish(): Promise<void> {
    if (this.#heldBytes > 0) await this.#flush();
    await this.#writing;
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const [pieces, start, end] = [this.#pieces, this.#cursor.at, this.#cursor.at + this.#heldBytes];
    this.#pieces = [];
    this.#heldBytes = 0;
    this.#writing = this.#write(pieces, start).then(() => {
      this.#cursor.at = end;
    });
    // Whoever flushes or finishes next hears of a failure.
    this.#writing.catch(() => undefined);
  }
}
