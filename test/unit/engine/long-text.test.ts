import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { chunkTokens, countChunks, cutTokens } from '../../../src/engine/long-text.ts';

const END = 99;
const text = (length: number): number[] => Array.from({ length }, (_, i) => i);
const tokens = (length: number): Int32Array => Int32Array.of(...text(length), END);

test('cutting on either side leaves exactly as many tokens as asked for, the end token last', () => {
  assert.deepEqual([...cutTokens(tokens(9), 4, 'right')], [0, 1, 2, END]);
  assert.deepEqual([...cutTokens(tokens(9), 4, 'left')], [6, 7, 8, END]);
});

test('chunks without overlap are the text in pieces, each with an end token', () => {
  const chunks = Array.from(chunkTokens(tokens(7), { tokens: 4, overlap: 0 }), (chunk) => [...chunk]);
  assert.deepEqual(chunks, [
    [0, 1, 2, END],
    [3, 4, 5, END],
    [6, END],
  ]);
});

test('a chunk begins with the overlap of the one before, and none lies within another', () => {
  const chunks = Array.from(chunkTokens(tokens(7), { tokens: 4, overlap: 1 }), (chunk) => [...chunk]);
  assert.deepEqual(chunks, [
    [0, 1, 2, END],
    [2, 3, 4, END],
    [4, 5, 6, END],
  ]);
});

test('whatever the sizes, the chunks hold every token of the text, in order', () => {
  const sizes = fc.record({
    length: fc.integer({ min: 1, max: 300 }),
    most: fc.integer({ min: 2, max: 40 }),
  });
  fc.assert(
    fc.property(sizes, fc.nat(20), ({ length, most }, wanted) => {
      const overlap = Math.min(wanted, Math.floor(most / 2));
      const shape = { tokens: most, overlap };
      const chunks = [...chunkTokens(tokens(length), shape)];
      assert.equal(chunks.length, countChunks(length + 1, shape));
      assert.ok(chunks.every((chunk) => chunk.length <= most && chunk.at(-1) === END));
      assert.deepEqual([...new Set(chunks.flatMap((chunk) => [...chunk.slice(0, -1)]))], text(length));
    }),
  );
});
