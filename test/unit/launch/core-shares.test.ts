import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCoreShares } from '../../../src/launch/core-shares.ts';
import { engineOf, outline } from './plan-question.ts';

const NANO = { layers: 4, hidden: 256, ffn: 768, heads: 4, kvHeads: 2, headDim: 64 };
const { shape: LARGE } = outline('0.6B');

for (const [what, shape, cores, expected] of [
  ['the small model has one thread on each core', NANO, 2, { lanes: 2, threads: 1 }],
  ['the small model has one thread on each of many cores', NANO, 16, { lanes: 16, threads: 1 }],
  ['a large model decodes twice at a time', LARGE, 2, { lanes: 2, threads: 2 }],
  ['a large model gives all cores to a decode that is alone', LARGE, 16, { lanes: 2, threads: 16 }],
  ['one core decodes once at a time', LARGE, 1, { lanes: 1, threads: 1 }],
] as const)
  test(what, () => {
    assert.deepEqual(planCoreShares(cores, shape), { cores, ...expected });
  });

test('workers on the CPU spread their decodes over their own share of the cores', () => {
  const { lanes, threads } = engineOf({ settings: { dataParallel: 8 }, model: outline('0.6B') });
  assert.deepEqual({ lanes, threads }, { lanes: 1, threads: 1 });
});

test('--threads counts as the cores of a worker', () => {
  const { lanes, threads } = engineOf({ settings: { threads: 1 } });
  assert.deepEqual({ lanes, threads }, { lanes: 1, threads: 1 });
});
