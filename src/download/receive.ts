// From the body of an answer into a sink, in pieces large enough for a disk. One write runs while the next is received.
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ByteRange } from './byte-ranges.ts';
import type { Hub, HubAnswer } from './open-hub.ts';

// What a core's cache holds beside the rest: of 1 MB, much was fetched from memory again for the write.
const WRITE_BYTES = 256 << 10;

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
  const writeAndFree: WritePieces = async (pieces, start) => {
    await write(pieces, start);
    hub.memory.giveBack(pieces);
  };
  const sink = new Sink(range, { cursor, write: writeAndFree });
  // Not iterated: an iterator joins pieces that wait, by copying them.
  const end = await pipeline(answer.body, sink).catch((error: unknown) => error);
  // What has come is kept for the next try, unless it was the disk that failed.
  await sink.finish();
  if (cursor.at < range.end)
    throw hub.brokenBody(end ?? new Error('it sent less than it promised'), answer.url);
}

class Sink extends Writable {
  readonly #end: number;
  readonly #cursor: Cursor;
  readonly #writePieces: WritePieces;
  #receivedTo: number;
  #pieces: Buffer[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor({ end }: ByteRange, { cursor, write }: { cursor: Cursor; write: WritePieces }) {
    super({ highWaterMark: WRITE_BYTES });
    this.#end = end;
    this.#cursor = cursor;
    this.#receivedTo = cursor.at;
    this.#writePieces = write;
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const wanted = piece.subarray(0, this.#end - this.#receivedTo);
    if (wanted.length > 0) this.#pieces.push(wanted);
    this.#receivedTo += wanted.length;
    if (wanted.length < piece.length) done(new Error('it sent more than it promised'));
    else if (this.#heldBytes < WRITE_BYTES) done();
    else
      void this.#flush().then(() => {
        done();
      }, done);
  }

  /** Resolves when all that was received is written. */
  async finish(): Promise<void> {
    if (this.#heldBytes > 0) await this.#flush();
    await this.#writing;
  }

  get #heldBytes(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** Resolves when the write has begun: the one before it is over. */
  async #flush(): Promise<void> {
    await this.#writing;
    const [pieces, start, end] = [this.#pieces, this.#receivedTo - this.#heldBytes, this.#receivedTo];
    this.#pieces = [];
    this.#writing = this.#writePieces(pieces, start).then(() => {
      this.#cursor.at = end;
    });
    // Whoever flushes or finishes next hears of a failure.
    this.#writing.catch(() => undefined);
  }
}
