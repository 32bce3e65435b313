import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCosine, formatRate, formatShare } from '../../../src/page/format.ts';
import { loadBetween, readLoad } from '../../../src/page/load.ts';

const info = (texts: number, tokens: number) => ({
  status: 'ready',
  load: {
    num_running_reqs: 3,
    num_queue_reqs: 2,
    num_inputs_total: texts,
    prompt_tokens_total: tokens,
  },
});

test('rates are what was done between two readings', () => {
  const before = readLoad(info(100, 1000), 1000);
  const now = readLoad(info(150, 2000), 3000);
  assert.ok(now !== null);
  assert.deepEqual(loadBetween(before, now), {
    running: 3,
    queued: 2,
    textsPerSecond: 25,
    tokensPerSecond: 500,
  });
});

test('the first reading and the first after a restart have no rates', () => {
  const now = readLoad(info(5, 50), 3000);
  assert.ok(now !== null);
  for (const before of [null, readLoad(info(100, 1000), 1000)])
    assert.deepEqual(loadBetween(before, now), {
      running: 3,
      queued: 2,
      textsPerSecond: 0,
      tokensPerSecond: 0,
    });
});

test('a server that tells no load has none', () => {
  assert.equal(readLoad({ status: 'ready' }, 0), null);
  assert.equal(readLoad(null, 0), null);
});

test('numbers are short, and never better than they are', () => {
  assert.deepEqual([0.996, 1, 0].map(formatShare), ['99 %', '100 %', '0 %']);
  assert.deepEqual([0, 0.44, 9.96, 3400, 9949, 9960, 12_345].map(formatRate), [
    ...['0', '0.4', '10', '3400', '9949', '10k', '12k'],
  ]);
  assert.deepEqual(
    [0.125, -0.104, -0.004].map((value) => formatCosine(value, 2)),
    ['0.13', '−0.10', '0.00'],
  );
});
