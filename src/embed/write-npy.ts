// Vectors as one NumPy array of float32, shape (rows, dimensions), C order. A row without a vector is NaN.
// Format 1.0: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { OutputRow, OutputShape } from './outputs.ts';

export async function writeNpy(
  path: string,
  rows: AsyncIterable<OutputRow>,
  { rowCount, dimensions }: OutputShape,
): Promise<void> {
  async function* render(): AsyncGenerator<Uint8Array> {
    yield renderHeader([rowCount, dimensions]);
    const missing = new Float32Array(dimensions).fill(NaN);
    // The reader uses a vector's memory again, a stream holds its pieces for later.
    for await (const { vector } of rows) yield new Uint8Array((vector ?? missing).slice().buffer);
  }
  await pipeline(Readable.from(render()), createWriteStream(path, { highWaterMark: 2 ** 18 }));
}

/** Magic, version, u16 length, a Python dict padded with spaces so that the data begins at a multiple of 64. */
function renderHeader(shape: readonly number[]): Buffer {
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const start = 10;
  const length = Math.ceil((start + dict.length + 1) / 64) * 64 - start;
  const header = Buffer.alloc(start + length, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(`${dict.padEnd(length - 1)}\n`, start, 'latin1');
  return header;
}
