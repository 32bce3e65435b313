// Fuzzed .safetensors files, as conversion reads them: valid headers edited, lengths that lie, bytes of no format.
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc, { type Arbitrary } from 'fast-check';
import { readSafetensors } from '../../src/convert/safetensors.ts';
import { damaged, hostileCount, rawBytes } from './hostile.ts';
import { editedJson } from './json-tree.ts';
import { endOf, makeTarget, type OpenTarget } from './target.ts';

const VALID = {
  __metadata__: { format: 'pt' },
  'embed_tokens.weight': { dtype: 'BF16', shape: [4, 3], data_offsets: [0, 24] },
  'layers.0.input_layernorm.weight': { dtype: 'F32', shape: [3], data_offsets: [24, 36] },
  'layers.0.mlp.up_proj.weight': { dtype: 'F16', shape: [2, 0], data_offsets: [36, 36] },
  'norm.weight': { dtype: 'U8', shape: [], data_offsets: [36, 37] },
};
const DATA_BYTES = 37;

const framed: Arbitrary<Buffer> = fc
  .tuple(
    editedJson(VALID),
    fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: hostileCount }),
  )
  .map(([json, claimed]) => {
    const header = Buffer.from(json);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(claimed ?? BigInt(header.length));
    return Buffer.concat([length, header, Buffer.alloc(DATA_BYTES)]);
  });

export interface FileInput {
  bytes: Buffer;
  /** The file is as long as this, with zeros that take no disk; null = as its bytes. */
  sparseBytes: number | null;
}

/** Now and then the file is far longer than what was written of it. */
export function asFile(bytes: Arbitrary<Buffer>): Arbitrary<FileInput> {
  const sparse = fc.oneof(
    { weight: 60, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(9 * 2 ** 20, 40 * 2 ** 20, 200 * 2 ** 20, 2 ** 40) },
  );
  return fc.record({ bytes, sparseBytes: sparse });
}

export function writeInput(path: string, { bytes, sparseBytes }: FileInput): void {
  writeFileSync(path, bytes);
  if (sparseBytes !== null) truncateSync(path, sparseBytes);
}

export const openSafetensors: OpenTarget = (folder) => {
  const path = join(folder, 'model.safetensors');
  return Promise.resolve(
    makeTarget({
      inputs: asFile(
        fc.oneof(
          { weight: 5, arbitrary: framed },
          { weight: 4, arbitrary: damaged(framed) },
          { weight: 1, arbitrary: rawBytes('version ', '\x02\0\0\0\0\0\0\0') },
        ),
      ),
      run: (input) => {
        writeInput(path, input);
        return endOf(() => readSafetensors(path));
      },
    }),
  );
};
