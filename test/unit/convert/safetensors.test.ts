import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { readSafetensors } from '../../../src/convert/safetensors.ts';
import { assertFault, frameSafetensors, renderSafetensors, zeros } from './small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const folder = makeTemporaryFolder();

function read(content: Uint8Array): ReturnType<typeof readSafetensors> {
  const path = join(folder, 'model.safetensors');
  writeFileSync(path, content);
  return readSafetensors(path);
}

const readHeader = (header: string, dataBytes = 0): unknown =>
  read(frameSafetensors(header, new Uint8Array(dataBytes)));

test('tensors come sorted by code point with offsets from the start of the file', () => {
  const content = renderSafetensors([zeros('layers.2.x', [2]), zeros('layers.10.x', [1, 2]), zeros('Z', [])]);
  const dataStart = content.length - 10;
  assert.deepEqual(
    read(content).map(({ name, shape, offsetBytes, sizeBytes }) => [
      name,
      shape,
      offsetBytes - dataStart,
      sizeBytes,
    ]),
    [
      ['Z', [], 8, 2],
      ['layers.10.x', [1, 2], 4, 4],
      ['layers.2.x', [2], 0, 4],
    ],
  );
});

test('a tensor may be named __proto__', () => {
  const [tensor] = readHeader('{"__proto__": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}', 1) as {
    name: string;
  }[];
  assert.equal(tensor?.name, '__proto__');
});

test('a file of fewer than 8 bytes is corrupt', () => {
  assertFault(() => read(Buffer.from('abc')), 'WEIGHTS_CORRUPT', /has 3 bytes/);
});

test('a header length beyond the file, or near 2^63, is refused before any memory is asked for', () => {
  for (const length of [1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n]) {
    const content = Buffer.alloc(8);
    content.writeBigUInt64LE(length);
    assertFault(() => read(content), 'WEIGHTS_CORRUPT', /claims a header/);
  }
});

test('a header that is no JSON object is corrupt', () => {
  for (const header of ['', '{', '[]', 'null', '"text"', '{"a":}', '\0\0'])
    assertFault(() => readHeader(header), 'WEIGHTS_CORRUPT', /not a JSON object/);
});

test('two million nested brackets are refused within a second', () => {
  const start = performance.now();
  assertFault(() => readHeader('['.repeat(2_000_000)), 'WEIGHTS_CORRUPT', /not a JSON object/);
  assert.ok(performance.now() - start < 1000);
});

const entry = (fields: object): string =>
  JSON.stringify({ t: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...fields } });

test('an entry without valid dtype, shape or offsets is corrupt', () => {
  for (const fields of [
    { dtype: 5 },
    { shape: [-1] },
    { shape: [1.5] },
    { shape: [2 ** 53] },
    { shape: 'x' },
    { data_offsets: [0] },
    { data_offsets: [0, 4, 8] },
    { data_offsets: ['0', '4'] },
    { data_offsets: [4, 0] },
  ])
    assertFault(() => readHeader(entry(fields), 4), 'WEIGHTS_CORRUPT', /tensor "t" (has|starts)/);
  assertFault(() => readHeader('{"t": null}'), 'WEIGHTS_CORRUPT', /has no description/);
});

test('bytes that do not fit dtype and shape are corrupt', () => {
  assertFault(() => readHeader(entry({ shape: [2] }), 4), 'WEIGHTS_CORRUPT', /F32 2 needs 8/);
  assertFault(() => readHeader(entry({ shape: [2 ** 31, 2 ** 31] }), 4), 'WEIGHTS_CORRUPT', /needs/);
});

const pair = (first: number[], second: number[]): string =>
  JSON.stringify({
    a: { dtype: 'U8', shape: [4], data_offsets: first },
    b: { dtype: 'U8', shape: [4], data_offsets: second },
  });

test('holes, overlaps, missing and spare data are corrupt', () => {
  assertFault(() => readHeader(pair([0, 4], [5, 9]), 9), 'WEIGHTS_CORRUPT', /"b" starts at 5/);
  assertFault(() => readHeader(pair([0, 4], [3, 7]), 7), 'WEIGHTS_CORRUPT', /"b" starts at 3/);
  assertFault(() => readHeader(pair([0, 4], [0, 4]), 4), 'WEIGHTS_CORRUPT', /starts at 0/);
  assertFault(
    () => readHeader(pair([0, 4], [4, 8]), 7),
    'WEIGHTS_CORRUPT',
    /has 7 bytes of data, its header describes 8/,
  );
  assertFault(() => readHeader(pair([0, 4], [4, 8]), 9), 'WEIGHTS_CORRUPT', /has 9 bytes/);
});

test('a folder in place of the file is unreadable', () => {
  assertFault(() => readSafetensors(folder), 'FILE_UNREADABLE', /is not a file/);
  assertFault(() => readSafetensors(join(folder, 'none')), 'FILE_UNREADABLE', /ENOENT/);
});

test('a header of 100 MB, which the format allows, is refused before it is read', () => {
  const path = join(folder, 'sparse.safetensors');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(100_000_000n);
  writeFileSync(path, length);
  truncateSync(path, 200_000_000);
  assertFault(() => readSafetensors(path), 'WEIGHTS_CORRUPT', /header of 100000000 bytes, at most 4194304/);
});

test('a shape of thousands of dimensions is none', () => {
  const shape = Array<number>(5000).fill(1);
  const header = JSON.stringify({ a: { dtype: 'U8', shape, data_offsets: [0, 1] } });
  assertFault(() => readHeader(header, 1), 'WEIGHTS_CORRUPT', /tensor "a" has no valid shape/);
});
