import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForwardShape } from '../../../../src/engine/graph/blocks.ts';
import { fillInputs } from '../../../../src/engine/graph/fill-inputs.ts';
import { planInputs, type InputPlan } from '../../../../src/engine/graph/inputs.ts';

const UNEVEN: ForwardShape = {
  blocks: [{ texts: 2, tokens: 5, length: 3, before: 2, kvLength: 5 }],
  keeps: 'slots',
  outputRows: 3,
};

function fill() {
  const layout = planInputs(UNEVEN, null);
  const bytes = new Uint8Array(layout.sizeBytes).fill(0xaa);
  const prefixRows = Int32Array.of(7, 9);
  const texts = [
    { tokens: Int32Array.of(11, 12, 13), prefixRows },
    { tokens: Int32Array.of(21, 22), prefixRows },
  ];
  fillInputs(layout, { shape: UNEVEN, texts, storeRows: null, lookUp: null }, bytes);
  const read = (plan: InputPlan | null | undefined): number[] => {
    assert.ok(plan !== null && plan !== undefined);
    const count = plan.shape.reduce((product, length) => product * length, 1);
    if (plan.type === 'F16') return [...new Uint16Array(bytes.buffer, plan.offset, count)];
    if (plan.type === 'I64') return [...new BigInt64Array(bytes.buffer, plan.offset, count)].map(Number);
    return [...new Int32Array(bytes.buffer, plan.offset, count)];
  };
  return { layout, read };
}

test('tokens lie one after another, their keys and values in slots behind the prefix', () => {
  const { layout, read } = fill();
  assert.deepEqual(read(layout.tokens), [11, 12, 13, 21, 22]);
  assert.deepEqual(read(layout.positions), [2, 3, 4, 2, 3]);
  assert.deepEqual(read(layout.kvRows), [2, 3, 4, 7, 8]);
  assert.deepEqual(read(layout.queryRows), [0, 1, 2, 3, 4]);
  assert.deepEqual(read(layout.lastRows), [2, 4, 0]);
  assert.deepEqual(read(layout.lastPositions), [4, 3, 0]);
});

test('what attention gives goes to the rows of the texts, that of rows behind them to one after all', () => {
  const { layout, read } = fill();
  assert.deepEqual(read(layout.blocks[0]?.to), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(read(layout.blocks[0]?.lastTo), [0, 1]);

  const block = { texts: 2, tokens: 4, length: 2, before: 0, kvLength: 2 };
  const shape: ForwardShape = {
    blocks: [block, { ...block, texts: 1, tokens: 2 }],
    keeps: 'slots',
    outputRows: 3,
  };
  const several = planInputs(shape, null);
  const bytes = new Uint8Array(several.sizeBytes).fill(0xaa);
  const texts = [1, 2, 3].map((id) => ({ tokens: Int32Array.of(id, id), prefixRows: null }));
  fillInputs(several, { shape, texts, storeRows: null, lookUp: null }, bytes);
  const long = (plan: InputPlan | null | undefined, count: number) =>
    [...new BigInt64Array(bytes.buffer, plan?.offset ?? assert.fail(), count)].map(Number);
  assert.deepEqual(long(several.blocks[0]?.to, 4), [0, 1, 2, 3]);
  assert.deepEqual(long(several.blocks[1]?.to, 2), [4, 5]);
  assert.deepEqual(long(several.blocks[1]?.lastTo, 1), [2]);
});

test('where attention gives rows as they are wanted, none are moved', () => {
  const block = { texts: 2, tokens: 4, length: 2, before: 0, kvLength: 2 };
  const { blocks, queryRows } = planInputs({ blocks: [block], keeps: 'slots', outputRows: 2 }, null);
  assert.deepEqual([blocks[0]?.to, blocks[0]?.lastTo, queryRows], [null, null, null]);
});

test('a prefix is copied from its rows of the store to the front of each slot', () => {
  const { layout, read } = fill();
  assert.deepEqual(read(layout.prefixFrom), [7, 9, 7, 9]);
  assert.deepEqual(read(layout.prefixTo), [0, 1, 5, 6]);
});

test('masks show the prefix and what came before, and of short texts nothing behind them', () => {
  const { layout, read } = fill();
  const x = 0xfc00;
  assert.deepEqual(read(layout.blocks[0]?.mask), [0, 0, 0, x, x, 0, 0, 0, 0, x, 0, 0, 0, 0, 0]);
  assert.deepEqual(read(layout.blocks[0]?.lastMask), [0, 0, 0, 0, 0, 0, 0, 0, 0, x]);
});

test('rows behind a lone text are zeros that its last row does not see', () => {
  const shape: ForwardShape = {
    blocks: [{ texts: 1, tokens: 4, length: 4, before: 1, kvLength: 6 }],
    keeps: 'slots',
    outputRows: 1,
  };
  const texts = [{ tokens: Int32Array.of(5, 6), prefixRows: Int32Array.of(3) }];
  const ids = planInputs(shape, null);
  const bytes = new Uint8Array(ids.sizeBytes).fill(0xaa);
  fillInputs(ids, { shape, texts, storeRows: null, lookUp: null }, bytes);
  assert.deepEqual([...new Int32Array(bytes.buffer, ids.tokens.offset, 4)], [5, 6, 0, 0]);
  assert.deepEqual([...new Int32Array(bytes.buffer, ids.lastRows.offset, 1)], [1]);
  assert.deepEqual([...new Int32Array(bytes.buffer, ids.lastPositions.offset, 1)], [2]);
  assert.deepEqual([...new BigInt64Array(bytes.buffer, ids.kvRows.offset, 4)], [1n, 2n, 3n, 4n]);
  const lastMask = new Uint16Array(bytes.buffer, ids.blocks[0]?.lastMask?.offset ?? 0, 6);
  assert.deepEqual([...lastMask], [0, 0, 0, 0xfc00, 0xfc00, 0xfc00]);

  const vectors = planInputs(shape, 2);
  const looked = new Uint8Array(vectors.sizeBytes).fill(0xaa);
  const lookUp = (tokens: Int32Array, target: Float32Array, at: number) => {
    for (const [i, token] of tokens.entries()) target.fill(token, 2 * (at + i), 2 * (at + i + 1));
  };
  fillInputs(vectors, { shape, texts, storeRows: null, lookUp }, looked);
  assert.deepEqual([...new Float32Array(looked.buffer, vectors.tokens.offset, 8)], [5, 5, 6, 6, 0, 0, 0, 0]);
});

test('several texts with whole steps of 256 keys have a mask each, as CUDA reads one per text', () => {
  const block = { texts: 3, tokens: 768, length: 256, before: 0, kvLength: 256 };
  const planes = (shape: ForwardShape) => planInputs(shape, null).blocks[0]?.mask.shape[3];
  assert.equal(planes({ blocks: [block], keeps: 'slots', outputRows: 1 }), 3);
  const one = { ...block, texts: 1, tokens: 256 };
  assert.equal(planes({ blocks: [one], keeps: 'slots', outputRows: 1 }), 1);
  const odd = { ...block, tokens: 765, length: 255, kvLength: 255 };
  assert.equal(planes({ blocks: [odd], keeps: 'slots', outputRows: 1 }), 1);
});

test('a chunk goes to the rows of its place in the text, and masks what lies beyond', () => {
  const shape: ForwardShape = {
    blocks: [{ texts: 1, tokens: 2, length: 2, before: 3, kvLength: 8 }],
    keeps: 'chunks',
    outputRows: 1,
  };
  const layout = planInputs(shape, null);
  const bytes = new Uint8Array(layout.sizeBytes);
  const texts = [{ tokens: Int32Array.of(5, 6), prefixRows: null }];
  fillInputs(layout, { shape, texts, storeRows: null, lookUp: null }, bytes);
  assert.deepEqual([...new BigInt64Array(bytes.buffer, layout.kvRows.offset, 2)], [3n, 4n]);
  const mask = new Uint16Array(bytes.buffer, layout.blocks[0]?.mask.offset ?? 0, 16);
  assert.deepEqual(
    [...mask].map((value) => (value === 0 ? 0 : 1)),
    [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1],
  );
});
