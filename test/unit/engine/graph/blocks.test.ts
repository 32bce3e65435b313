import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isEven,
  isExact,
  isLone,
  planBlocks,
  planLone,
  sumBlocks,
} from '../../../../src/engine/graph/blocks.ts';

const text = (tokens: number, prefix: { tokens: Int32Array; live: boolean } | null = null) => ({
  tokens: new Int32Array(tokens),
  prefix,
});

test('texts of one length are one even block in their own order', () => {
  const { blocks, order } = planBlocks([text(5), text(5), text(5)]);
  assert.deepEqual(blocks, [{ texts: 3, tokens: 15, length: 5, before: 0, kvLength: 5 }]);
  assert.deepEqual(order, [0, 1, 2]);
  assert.ok(blocks.every(isEven) && blocks.every(isExact));
});

test('lengths far apart go to blocks of their own, and no block has twice the rows of its texts', () => {
  const lengths = [600, 2, 40, 300, 33, 64, 9, 299];
  const { blocks, order } = planBlocks(lengths.map((length) => text(length)));
  assert.deepEqual(
    order.map((index) => lengths[index]),
    [600, 300, 299, 64, 40, 33, 9, 2],
  );
  assert.deepEqual(
    blocks.map(({ texts, length }) => [texts, length]),
    [
      [2, 600],
      [1, 299],
      [3, 64],
      [2, 9],
    ],
  );
  for (const { texts, tokens, length } of blocks) assert.ok(length <= 32 || texts * length <= 2 * tokens);
});

test('texts with different prefixes never share a block', () => {
  const [a, b] = [8, 20].map((length) => ({ tokens: new Int32Array(length), live: true }));
  assert.ok(a !== undefined && b !== undefined);
  const { blocks, order } = planBlocks([text(3, a), text(3), text(3, b), text(4, a)]);
  assert.deepEqual(order, [3, 0, 1, 2]);
  assert.deepEqual(
    blocks.map(({ before, kvLength, texts }) => [before, kvLength, texts]),
    [
      [8, 12, 2],
      [0, 3, 1],
      [20, 23, 1],
    ],
  );
  assert.deepEqual(sumBlocks({ blocks, keeps: 'slots', hasOutput: true }), {
    texts: 4,
    tokens: 13,
    queryRows: 8 + 3 + 3,
    kvRows: 24 + 3 + 23,
    prefixRows: 16 + 20,
  });
});

test('a text that is alone has one of few lengths, at least 32 and at most half longer than its own', () => {
  const lengths = Array.from({ length: 128 }, (_, i) => planLone(text(i + 1), 2048)?.blocks[0]?.length ?? 0);
  assert.equal(new Set(lengths).size, 5);
  for (const [i, length] of lengths.entries())
    assert.ok(length > i && length <= Math.max(32, 1.5 * (i + 1)), `${String(i + 1)}: ${String(length)}`);
});

test('what a lone text is rounded up to never ends its slot, so that its last row gets a mask', () => {
  const prefix = { tokens: new Int32Array(248), live: true };
  for (const length of [1, 32, 33, 100, 128])
    for (const given of [text(length), text(length, prefix)]) {
      const [block] = planLone(given, 2048)?.blocks ?? [];
      assert.ok(block !== undefined && isEven(block) && !isExact(block), String(length));
      assert.equal(block.before, given.prefix?.tokens.length ?? 0);
    }
});

test('a lone text is not rounded beyond what a batch may hold, nor where it is long', () => {
  assert.equal(planLone(text(129), 2048), null);
  assert.equal(planLone(text(97), 100), null);
  assert.equal(planLone(text(96), 100)?.blocks[0]?.length, 96);
});

test('only a whole text by itself is alone: not a batch, a chunk or a prefix', () => {
  const one = planBlocks([text(5)]).blocks;
  assert.ok(isLone({ blocks: one, keeps: 'slots', hasOutput: true }));
  assert.ok(!isLone({ blocks: one, keeps: 'chunks', hasOutput: true }));
  assert.ok(!isLone({ blocks: one, keeps: 'prefix', hasOutput: false }));
  assert.ok(!isLone({ blocks: planBlocks([text(5), text(5)]).blocks, keeps: 'slots', hasOutput: true }));
  assert.ok(!isLone({ blocks: planBlocks([text(200), text(5)]).blocks, keeps: 'slots', hasOutput: true }));
});
