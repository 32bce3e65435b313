import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import {
  i32Array,
  stringArray,
  tensorSizeBytes,
  type GgufMetadata,
  type GgufTensorShape,
} from '../../../src/convert/gguf.ts';
import { readGgufHeader } from '../../../src/convert/gguf-read.ts';
import { renderGgufHeader } from '../../../src/convert/gguf-write.ts';
import { assertFault } from './small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { decodeStrings } from '../../fixtures/decode-strings.ts';

const folder = makeTemporaryFolder();

function read(content: Uint8Array): ReturnType<typeof readGgufHeader> {
  const path = join(folder, 'model.gguf');
  writeFileSync(path, content);
  return readGgufHeader(path);
}

const METADATA: GgufMetadata = new Map([
  ['a.u8', { type: 'u8', value: 255 }],
  ['a.i8', { type: 'i8', value: -128 }],
  ['a.u16', { type: 'u16', value: 65535 }],
  ['a.i16', { type: 'i16', value: -32768 }],
  ['a.u32', { type: 'u32', value: 4294967295 }],
  ['a.i32', { type: 'i32', value: -5 }],
  ['a.f32', { type: 'f32', value: 0.5 }],
  ['a.f64', { type: 'f64', value: 0.1 }],
  ['a.u64', { type: 'u64', value: 2n ** 64n - 1n }],
  ['a.i64', { type: 'i64', value: -1n }],
  ['a.bool', { type: 'bool', value: true }],
  ['a.string', { type: 'string', value: 'Ġ😀' }],
  ['a.empty', { type: 'string', value: '' }],
  ['a.strings', stringArray(['x', '', 'ŋ'])],
  ['a.numbers', i32Array([1, -1])],
]);
const TENSORS: GgufTensorShape[] = [
  { name: 'one', shape: [3], type: 'F32' },
  { name: 'two', shape: [64, 2], type: 'Q8_0' },
];

/** The header and as much data as the tensors need. */
function renderFile(metadata = METADATA, tensors = TENSORS): Buffer {
  return Buffer.concat([renderGgufHeader({ metadata, tensors }), Buffer.alloc(32 + 160)]);
}

test('what was written is read again, value by value and tensor by tensor', () => {
  const header = read(renderFile());
  assert.equal(header.version, 3);
  assert.deepEqual(header.metadata, METADATA);
  assert.deepEqual(decodeStrings(header.metadata.get('a.strings')), ['x', '', 'ŋ']);
  assert.deepEqual(header.tensors, [
    { name: 'one', shape: [3], type: 'F32', offsetBytes: 0, sizeBytes: 12 },
    { name: 'two', shape: [64, 2], type: 'Q8_0', offsetBytes: 32, sizeBytes: 136 },
  ]);
  assert.equal(header.dataOffsetBytes, renderGgufHeader({ metadata: METADATA, tensors: TENSORS }).length);
});

test('a header read and written again is the same bytes', () => {
  const content = renderGgufHeader({ metadata: METADATA, tensors: [] });
  assert.deepEqual(renderGgufHeader(read(content)), content);
});

test('general.alignment moves tensors and data', () => {
  const metadata: GgufMetadata = new Map([['general.alignment', { type: 'u32', value: 64 }]]);
  const header = read(Buffer.concat([renderGgufHeader({ metadata, tensors: TENSORS }), Buffer.alloc(256)]));
  assert.equal(header.tensors[1]?.offsetBytes, 64);
  assert.equal(header.dataOffsetBytes % 64, 0);
});

test('sizes of quantised tensors count blocks, and broken blocks have none', () => {
  assert.equal(tensorSizeBytes({ shape: [256, 3], type: 'Q4_K' }), 432);
  assert.equal(tensorSizeBytes({ shape: [33], type: 'Q8_0' }), null);
  assert.equal(tensorSizeBytes({ shape: [], type: 'F32' }), 4);
});

test('every truncation of a file is corrupt, never a crash', () => {
  const content = renderFile();
  for (let length = 0; length < content.length - 30; length++)
    assertFault(
      () => read(content.subarray(0, length)),
      'WEIGHTS_CORRUPT',
      /ends inside|its tensors need|start with GGUF/,
    );
});

test('any single byte of the header set to 255 is read or refused, never a crash', () => {
  const content = renderFile();
  for (let at = 0; at < content.length - 192; at++) {
    const damaged = Buffer.from(content);
    damaged[at] = 255;
    try {
      read(damaged);
    } catch (error) {
      assert.equal(
        (error as { code?: string }).code,
        'WEIGHTS_CORRUPT',
        `byte ${String(at)}: ${String(error)}`,
      );
    }
  }
});

test('a file of another kind, version or byte order is refused', () => {
  assertFault(
    () => read(Buffer.from('GGML rest of the file')),
    'WEIGHTS_CORRUPT',
    /does not start with GGUF/,
  );
  for (const version of [1, 4, 0x03000000]) {
    const content = renderFile();
    content.writeUInt32LE(version, 4);
    assertFault(() => read(content), 'WEIGHTS_CORRUPT', /has GGUF version/);
  }
});

test('counts beyond all reason are refused at once', () => {
  for (const at of [8, 16]) {
    for (const count of [2n ** 64n - 1n, 2n ** 63n, 1_000_000n]) {
      const content = renderFile();
      content.writeBigUInt64LE(count, at);
      assertFault(() => read(content), 'WEIGHTS_CORRUPT', /claims .* the limit is/);
    }
  }
});

test('a key or a tensor that comes twice is corrupt', () => {
  const twice = (text: string): Buffer => {
    const content = renderFile(
      new Map([
        ['k1', { type: 'u8', value: 1 }],
        ['k2', { type: 'u8', value: 1 }],
      ]),
      [
        { name: 't1', shape: [1], type: 'F32' },
        { name: 't2', shape: [1], type: 'F32' },
      ],
    );
    content.write(`${text}1`, content.indexOf(`${text}2`));
    return content;
  };
  assertFault(() => read(twice('k')), 'WEIGHTS_CORRUPT', /has the key "k1" twice/);
  assertFault(() => read(twice('t')), 'WEIGHTS_CORRUPT', /has the tensor "t1" twice/);
});

test('an alignment that is no power of two is corrupt', () => {
  const content = renderFile(new Map([['general.alignment', { type: 'u32', value: 32 }]]));
  content.writeUInt32LE(33, content.indexOf('general.alignment') + 17 + 4);
  assertFault(() => read(content), 'WEIGHTS_CORRUPT', /not a power of two/);
});

test('a tensor whose offset leaves a gap is corrupt', () => {
  const content = renderFile();
  const offsetAt = content.indexOf('two') + 3 + 4 + 16 + 4;
  content.writeBigUInt64LE(64n, offsetAt);
  assertFault(() => read(content), 'WEIGHTS_CORRUPT', /two is at 64 of the data, 32 expected/);
});

test('a folder in place of the file is unreadable', () => {
  assertFault(() => readGgufHeader(folder), 'FILE_UNREADABLE', /is not a file/);
});

test('a text beyond the largest header is refused without being read', () => {
  const path = join(folder, 'sparse.gguf');
  const start = Buffer.alloc(40);
  start.write('GGUF');
  start.writeUInt32LE(3, 4);
  start.writeBigUInt64LE(1n, 16);
  start.writeBigUInt64LE(2n ** 26n, 24);
  writeFileSync(path, start);
  truncateSync(path, 2 ** 40);
  assertFault(() => readGgufHeader(path), 'WEIGHTS_CORRUPT', /"a key" claims 67108864, the limit is 65535/);
  start.writeBigUInt64LE(1n, 24);
  start.writeUInt32LE(8, 33);
  start.writeUInt8(2 ** 2, 40 - 1);
  writeFileSync(path, Buffer.concat([start.subarray(0, 37), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])]));
  truncateSync(path, 2 ** 40);
  assertFault(() => readGgufHeader(path), 'WEIGHTS_CORRUPT', /beyond the limit of 67108864 bytes/);
});
