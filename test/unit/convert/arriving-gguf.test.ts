// Headers of .gguf files of which only the start can be had.

import assert from 'node:assert/strict';
import test from 'node:test';

import { stringArray } from '../../../src/convert/gguf.ts';
import { readArrivingGgufHeader } from '../../../src/convert/gguf-read.ts';
import { renderGgufHeader } from '../../../src/convert/gguf-write.ts';
import { Fault } from '../../../src/faults.ts';

const MB = 1024 * 1024;

/** A file with a header of at least this many bytes and some data, and a door that remembers what was asked for. */
function openFile(headerBytes: number) {
  const words = Array.from({ length: 10 }, () => 'w'.repeat(headerBytes / 10));
  const header = renderGgufHeader({
    metadata: new Map([['a.words', stringArray(words)]]),
    tensors: [{ name: 'big', shape: [32 * MB], type: 'F32' }],
  });
  const sizeBytes = header.length + 128 * MB;
  const asked: [number, number][] = [];
  const readRange = ({ start, end }: { start: number; end: number }) => {
    asked.push([start, end]);
    const part = header.subarray(start, Math.min(end, header.length));
    return Promise.resolve(Buffer.concat([part, Buffer.alloc(end - start - part.length)]));
  };
  return { gguf: { path: 'o/n/m.gguf', sizeBytes, readRange }, asked };
}

test('a usual header takes one request', async () => {
  const { gguf, asked } = openFile(MB);
  const { tensors } = await readArrivingGgufHeader(gguf);
  assert.deepEqual(
    tensors.map(({ name }) => name),
    ['big'],
  );
  assert.deepEqual(asked, [[0, 8 * MB]]);
});

test('a larger one takes what is missing, each byte once', async () => {
  const { gguf, asked } = openFile(20 * MB);
  await readArrivingGgufHeader(gguf);
  assert.deepEqual(asked, [
    [0, 8 * MB],
    [8 * MB, 16 * MB],
    [16 * MB, 32 * MB],
  ]);
});

test('what is wrong in the header is told as for a file, without asking for more', async () => {
  const { gguf, asked } = openFile(MB);
  const shorter = { ...gguf, sizeBytes: gguf.sizeBytes - 64 * MB };
  await assert.rejects(readArrivingGgufHeader(shorter), (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'WEIGHTS_CORRUPT');
    assert.match(error.message, /^o\/n\/m\.gguf: has \d+ bytes, its tensors need \d+$/);
    return true;
  });
  assert.equal(asked.length, 1);
});
