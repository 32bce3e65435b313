// A walk forward through the start of a GGUF file, value by value; what the values mean is gguf-read.ts's business.

import { Fault } from '../faults.ts';

// Qwen3's header is 6 MB, nearly all of it the vocabulary; the largest known vocabularies need about five times that.
// Windows of half the size and less may stay in memory beside the last: lists of the header share theirs.
export const HEADER_LIMIT_BYTES = 64 * 1024 * 1024;
const FIRST_WINDOW_BYTES = 8 * 1024 * 1024;

interface HeaderFile {
  /** What faults call it. */
  path: string;
  fileSizeBytes: number;
  /** The first bytes of the file; fewer when they cannot be had. */
  readStart: (sizeBytes: number) => Buffer;
}

/** The window that is read grows only as far as the walk goes. Faults: WEIGHTS_CORRUPT. */
export class HeaderCursor {
  position = 0;
  readonly #file: HeaderFile;
  #window: Buffer = Buffer.alloc(0);

  constructor(file: HeaderFile) {
    this.#file = file;
  }

  get path(): string {
    return this.#file.path;
  }

  get fileSizeBytes(): number {
    return this.#file.fileSizeBytes;
  }

  corrupt(problem: string): never {
    throw new Fault('WEIGHTS_CORRUPT', { path: this.#file.path, problem });
  }

  /** The next bytes, still in the window's memory. `what` names them in the fault. */
  bytes(sizeBytes: number, what: string): Buffer {
    this.#need(sizeBytes, what);
    this.position += sizeBytes;
    return this.#window.subarray(this.position - sizeBytes, this.position);
  }

  since(start: number): Buffer {
    return this.#window.subarray(start, this.position);
  }

  u32(what: string): number {
    return this.bytes(4, what).readUInt32LE();
  }

  count(what: string, limit: number): number {
    this.#need(8, what);
    const low = this.#window.readUInt32LE(this.position);
    const high = this.#window.readUInt32LE(this.position + 4);
    this.position += 8;
    const value = high * 2 ** 32 + low;
    if (value > limit)
      this.corrupt(`${JSON.stringify(what)} claims ${String(value)}, the limit is ${String(limit)}`);
    return value;
  }

  string(what: string, limitBytes: number): string {
    return this.bytes(this.count(what, limitBytes), what).toString('utf8');
  }

  skipString(what: string): void {
    const sizeBytes = this.count(what, HEADER_LIMIT_BYTES);
    this.#need(sizeBytes, what);
    this.position += sizeBytes;
  }

  #need(sizeBytes: number, what: string): void {
    const end = this.position + sizeBytes;
    if (end <= this.#window.length) return;
    if (end > this.fileSizeBytes) this.corrupt(`ends inside ${JSON.stringify(what)}`);
    if (end > HEADER_LIMIT_BYTES)
      this.corrupt(`has a header beyond the limit of ${String(HEADER_LIMIT_BYTES)} bytes`);
    const wanted = Math.max(end, 2 * this.#window.length, FIRST_WINDOW_BYTES);
    const grown = this.#file.readStart(Math.min(wanted, this.fileSizeBytes));
    if (grown.length < end) this.corrupt(`ends inside ${JSON.stringify(what)}`);
    this.#window = grown;
  }
}
