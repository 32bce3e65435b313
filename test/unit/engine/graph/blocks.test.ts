import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isEven,
  isExact,
  planBlocks,
  planRounded,
  recurs,
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
  assert.deepEqual(sumBlocks({ blocks, keeps: 'slots', outputRows: 1 }), {
    texts: 4,
    tokens: 13,
    queryRows: 8 + 3 + 3,
    kvRows: 24 + 3 + 23,
    prefixRows: 16 + 20,
  });
});

test('a text that is alone has one of few lengths, at least 32 and at most half longer than its own', () => {
  const lengths = Array.from(
    { length: 128 },
    (_, i) => planRounded([text(i + 1)], 2048)?.blocks[0]?.length ?? 0,
  );
  assert.equal(new Set(lengths).size, 5);
  for (const [i, length] of lengths.entries())
    assert.ok(length > i && length <= Math.max(32, 1.5 * (i + 1)), `${String(i + 1)}: ${String(length)}`);
});

test('small batches have one of few shapes, of 32 to 128 rows and never fewer than their texts need', () => {
  const shapes = new Set<string>();
  for (let count = 1; count <= 9; count++)
    for (let longest = 1; longest <= 140; longest++) {
      const lengths = Array.from({ length: count }, (_, i) => Math.max(1, longest - i));
      const plan = planRounded(
        lengths.map((length) => text(length)),
        2048,
      );
      if (plan === null) continue;
      const { blocks, order } = plan;
      const [block] = blocks;
      assert.ok(block !== undefined && blocks.length === 1);
      assert.deepEqual(order, [...lengths.keys()]);
      assert.ok(block.texts >= count && block.length >= longest);
      assert.ok(block.tokens >= 32 && block.tokens <= 128);
      shapes.add(JSON.stringify(block));
    }
  assert.equal(shapes.size, 12);
  assert.equal(planRounded([text(9), text(9), text(9)], 2048)?.blocks[0]?.tokens, 64);
});

test('no slot is full to its end where a shape is rounded, so that every last row gets a mask', () => {
  const prefix = { tokens: new Int32Array(248), live: true };
  for (const length of [1, 16, 32, 33, 64])
    for (const given of [text(length), text(length, prefix)])
      for (const count of [1, 2]) {
        const [block] =
          planRounded(
            Array.from({ length: count }, () => given),
            2048,
          )?.blocks ?? [];
        assert.ok(block !== undefined && isEven(block) && !isExact(block), String(length));
        assert.equal(block.before, given.prefix?.tokens.length ?? 0);
      }
});

test('nothing is rounded beyond what a batch may hold, nor texts that are long, many or of several prefixes', () => {
  assert.equal(planRounded([text(129)], 2048), null);
  assert.equal(planRounded([text(97)], 100), null);
  assert.equal(planRounded([text(96)], 100)?.blocks[0]?.length, 96);
  assert.equal(planRounded([text(65), text(2)], 2048), null);
  assert.equal(
    planRounded(
      Array.from({ length: 9 }, () => text(3)),
      2048,
    ),
    null,
  );
  assert.equal(planRounded([text(9), text(9, { tokens: new Int32Array(8), live: true })], 2048), null);
});

test('what recurs is a whole text by itself or a rounded batch: no other batch, no chunk, no prefix', () => {
  const of = (texts: ReturnType<typeof text>[]) => planBlocks(texts).blocks;
  assert.ok(recurs({ blocks: of([text(5)]), keeps: 'slots', outputRows: 1 }));
  const { blocks = [] } = planRounded([text(5), text(7)], 2048) ?? {};
  assert.ok(recurs({ blocks, keeps: 'slots', outputRows: 32 }));
  assert.ok(!recurs({ blocks: of([text(5)]), keeps: 'chunks', outputRows: 1 }));
  assert.ok(!recurs({ blocks: of([text(5)]), keeps: 'prefix', outputRows: 0 }));
  assert.ok(!recurs({ blocks: of([text(5), text(5)]), keeps: 'slots', outputRows: 32 }));
  assert.ok(!recurs({ blocks: of([text(200), text(5)]), keeps: 'slots', outputRows: 32 }));
});
