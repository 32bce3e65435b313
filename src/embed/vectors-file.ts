// The vectors made so far: a file of float32 rows (little-endian) that only grows. Its length tells how far a job came,
// so a job that was killed at any moment goes on at the next row: a row cut in two is dropped, none is done twice.
// A row without a vector is a row of NaN.
import { open, type FileHandle } from 'node:fs/promises';

import { Fault } from '../faults.ts';

/** Written to the disk itself this often, for machines that lose power. */
const SYNC_MS = 5000;

export class VectorsFile {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #dimensions: number;
  #rows: number;
  #syncedAt = performance.now();

  private constructor(
    file: FileHandle,
    path: string,
    { dimensions, rows }: { dimensions: number; rows: number },
  ) {
    this.#file = file;
    this.#path = path;
    this.#dimensions = dimensions;
    this.#rows = rows;
  }

  /** Opens or makes the file. Faults: FILE_UNWRITABLE. */
  static async open(path: string, dimensions: number): Promise<VectorsFile> {
    return guard(path, async () => {
      const file = await open(path, 'a+');
      const rows = Math.floor((await file.stat()).size / (4 * dimensions));
      await file.truncate(rows * 4 * dimensions);
      return new VectorsFile(file, path, { dimensions, rows });
    });
  }

  /** Whole rows in the file. */
  get rows(): number {
    return this.#rows;
  }

  /** Appends one row per vector; null makes a row of NaN. Every vector must have the file's dimensions. */
  async append(vectors: readonly (Float32Array | null)[]): Promise<void> {
    const block = new Float32Array(vectors.length * this.#dimensions).fill(NaN);
    for (const [index, vector] of vectors.entries())
      if (vector !== null) block.set(vector, index * this.#dimensions);
    await guard(this.#path, async () => {
      await this.#file.appendFile(new Uint8Array(block.buffer));
      if (performance.now() - this.#syncedAt < SYNC_MS) return;
      await this.#file.datasync();
      this.#syncedAt = performance.now();
    });
    this.#rows += vectors.length;
  }

  /** Row after row, the same memory used again for each block; null for a row of NaN. */
  async *read(): AsyncGenerator<Float32Array | null> {
    const rowsAtOnce = Math.max(1, Math.floor(2 ** 20 / (4 * this.#dimensions)));
    const block = new Float32Array(rowsAtOnce * this.#dimensions);
    const bytes = new Uint8Array(block.buffer);
    for (let row = 0; row < this.#rows; row += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, this.#rows - row);
      const length = count * 4 * this.#dimensions;
      const { bytesRead } = await this.#file.read(bytes, 0, length, row * 4 * this.#dimensions);
      if (bytesRead < length)
        throw new Fault('FILE_UNREADABLE', { path: this.#path, problem: 'has become shorter meanwhile' });
      for (let i = 0; i < count; i++) {
        const vector = block.subarray(i * this.#dimensions, (i + 1) * this.#dimensions);
        yield Number.isNaN(vector[0]) ? null : vector;
      }
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function guard<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new Fault(
      'FILE_UNWRITABLE',
      { path, problem: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  }
}
