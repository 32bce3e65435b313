import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEven, isExact, planBlocks, sumBlocks } from '../../../../src/engine/graph/blocks.ts';

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
