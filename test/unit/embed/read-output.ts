// Reads what a job wrote, in every format, to one form: fields and vectors by row.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { tableFromIPC, type Vector } from 'apache-arrow';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { outputFormatOf } from '../../../src/embed/outputs.ts';

export interface ReadRow {
  fields: Record<string, unknown>;
  vector: Float32Array | null;
}

export async function readOutput(path: string, vectorField = 'embedding'): Promise<ReadRow[]> {
  switch (outputFormatOf(path)) {
    case 'jsonl':
      return readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => splitRow(JSON.parse(line) as Record<string, unknown>, vectorField));
    case 'parquet': {
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors });
      return rows.map((row) => splitRow(row, vectorField));
    }
    case 'arrow':
      return tableFromIPC(readFileSync(path))
        .toArray()
        .map((row: { toJSON: () => Record<string, unknown> }) => splitRow(row.toJSON(), vectorField));
    case 'npy':
      return readNpy(path).map((vector) => ({ fields: {}, vector: Number.isNaN(vector[0]) ? null : vector }));
  }
}

function splitRow(row: Record<string, unknown>, vectorField: string): ReadRow {
  const { [vectorField]: vector, ...fields } = row;
  return { fields, vector: vector == null ? null : Float32Array.from(vector as number[] | Vector) };
}

/** Reads as numpy.lib.format describes it: magic, version, length, dict, data at a multiple of 64. */
function readNpy(path: string): Float32Array[] {
  const bytes = readFileSync(path);
  assert.equal(bytes.toString('latin1', 0, 8), '\x93NUMPY\x01\x00');
  const start = 10 + bytes.readUInt16LE(8);
  assert.equal(start % 64, 0);
  const dict = bytes.toString('latin1', 10, start);
  const found = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n$/.exec(dict);
  const [rowCount, dimensions] = [Number(found?.[1]), Number(found?.[2])];
  assert.equal(bytes.length - start, rowCount * dimensions * 4);
  const values = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length),
  );
  return Array.from({ length: rowCount }, (_, row) => values.slice(row * dimensions, (row + 1) * dimensions));
}
