import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineOf, withCuda } from './plan-question.ts';

const sizesOf = (settings: NonNullable<Parameters<typeof engineOf>[0]>['settings']) => {
  const { lanes, batchTokens, batchTexts, chunkTokens, contextTokens } = engineOf({
    settings: { device: 'cuda', ...settings },
    machine: withCuda(1),
  });
  return { lanes, batchTokens, batchTexts, chunkTokens, contextTokens };
};
const USUAL = { lanes: 3, batchTokens: 2048, batchTexts: null, chunkTokens: 2048, contextTokens: 40_960 };

for (const [what, settings, change] of [
  ['nothing', {}, {}],
  ['--lanes', { lanes: 2 }, { lanes: 2 }],
  ['--max-prefill-tokens', { batchTokens: 1024 }, { batchTokens: 1024, chunkTokens: 1024 }],
  ['--prefill-max-requests', { prefillMaxRequests: 8 }, { batchTexts: 8 }],
  ['--max-running-requests', { maxRunningRequests: 12 }, { batchTexts: 4 }],
  ['--max-running-requests below the lanes', { maxRunningRequests: 2 }, { lanes: 2, batchTexts: 1 }],
  ['the smaller of the two', { maxRunningRequests: 300, prefillMaxRequests: 5 }, { batchTexts: 5 }],
  ['a larger --chunked-prefill-size', { chunkedPrefillSize: 8192 }, { chunkTokens: 8192 }],
  ['a smaller --chunked-prefill-size', { chunkedPrefillSize: 512 }, { batchTokens: 512, chunkTokens: 512 }],
  ['--chunked-prefill-size -1', { chunkedPrefillSize: -1 }, { chunkTokens: 40_960 }],
  ['--enable-deterministic-inference', { deterministic: true }, { batchTexts: 1 }],
  ['--context-length', { contextLength: 8192 }, { contextTokens: 8192 }],
  // 3 lanes of 2,048 + 512 tokens take 7,680 of them.
  ['--max-total-tokens', { maxTotalTokens: 20_000 }, { contextTokens: 12_288 }],
  ['a --max-total-tokens for fewer lanes', { maxTotalTokens: 5000 }, { lanes: 2, contextTokens: 2048 }],
] as const) {
  test(`${what} gives ${JSON.stringify(change)}`, () => {
    assert.deepEqual(sizesOf(settings), { ...USUAL, ...change });
  });
}

test('a --max-total-tokens that holds no batch is refused with the least that would', () => {
  assert.throws(() => sizesOf({ maxTotalTokens: 600 }), {
    code: 'BAD_OPTION',
    message: '--max-total-tokens 600: the lanes for batches alone keep 640 tokens',
  });
});

test('--max-prefill-tokens of a line for SGLang says the most, and shrinks before anything else where memory is short', () => {
  const asked = (freeGigabytes: number) => {
    const { lanes, batchTokens, prefixTokens } = engineOf({
      settings: { device: 'cuda', batchTokens: 131_072, compute: 'llama' },
      machine: withCuda(1, freeGigabytes),
    });
    return { lanes, batchTokens, prefixTokens };
  };
  assert.deepEqual(asked(2000), { lanes: 3, batchTokens: 65_536, prefixTokens: 512 });
  const { batchTokens, ...rest } = asked(40);
  assert.deepEqual(rest, { lanes: 3, prefixTokens: 512 });
  assert.ok(batchTokens >= 2048 && batchTokens < 65_536, String(batchTokens));
});

for (const [policy, engine] of [
  ['lpm', 'lpm'],
  ['priority', 'fcfs'],
  ['routing-key', 'fcfs'],
] as const)
  test(`--schedule-policy ${policy} is ${engine} in the engine`, () => {
    assert.equal(engineOf({ settings: { schedulePolicy: policy } }).schedulePolicy, engine);
  });

test('--enable-deterministic-inference shares no prefixes and gives every decode as many threads', () => {
  const { prefixTokens, steadyThreads } = engineOf({
    settings: { deterministic: true },
    machine: withCuda(1),
  });
  assert.deepEqual({ prefixTokens, steadyThreads }, { prefixTokens: 0, steadyThreads: true });
  assert.equal(engineOf({ settings: {}, machine: withCuda(1) }).steadyThreads, false);
});
