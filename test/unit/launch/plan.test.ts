import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from '../../../src/launch/machine.ts';
import { planLaunch, planOuttype, type PlanQuestion } from '../../../src/launch/plan.ts';

const MACHINE: Machine = {
  platform: 'linux',
  arch: 'x64',
  cores: 8,
  memoryBytes: 16e9,
  hasFastBf16: true,
  hasNvidia: false,
  visibleGpus: null,
};
const SETTINGS: PlanQuestion['settings'] = {
  device: 'auto',
  tensorParallel: 1,
  dataParallel: 1,
  memFractionStatic: 0.9,
  threads: null,
  llamaFolder: null,
  embeddingCacheSize: 0,
  lanes: null,
  batchTokens: null,
  compute: 'auto',
};

function plan(settings: Partial<PlanQuestion['settings']>, machine: Partial<Machine> = {}) {
  return planLaunch({
    settings: { ...SETTINGS, ...settings },
    machine: { ...MACHINE, ...machine },
    model: { file: 'm.gguf', sizeBytes: 1e9 },
  });
}

test('without a GPU there is one attempt, on the CPU, with all cores', () => {
  const [only, ...others] = plan({});
  assert.deepEqual([only?.backend, only?.workers[0]?.engine.threads, others.length], ['cpu', 8, 0]);
});

test('workers on the CPU share its cores', () => {
  assert.deepEqual(
    plan({ dataParallel: 3 })[0]?.workers.map(({ engine }) => engine.threads),
    [2, 2, 2],
  );
});

test('with an NVIDIA driver CUDA is tried first and the CPU after it', () => {
  assert.deepEqual(
    plan({}, { hasNvidia: true }).map(({ backend }) => backend),
    ['cuda', 'cuda', 'cpu'],
  );
});

test('--device cuda without a driver runs on the CPU and says so', () => {
  const [attempt] = plan({ device: 'cuda' });
  assert.deepEqual(
    [attempt?.backend, attempt?.reason],
    ['cpu', 'CPU, because --device cuda found no NVIDIA driver'],
  );
});

test('--device cuda with a driver never falls back to the CPU', () => {
  assert.deepEqual(
    [...new Set(plan({ device: 'cuda' }, { hasNvidia: true }).map(({ backend }) => backend))],
    ['cuda'],
  );
});

test('each worker gets GPUs of its own, among those visible', () => {
  const visible = plan(
    { device: 'cuda', dataParallel: 2, tensorParallel: 2 },
    { hasNvidia: true, visibleGpus: '4,5,6,7' },
  );
  assert.deepEqual(
    visible[0]?.workers.map(({ env }) => env['CUDA_VISIBLE_DEVICES']),
    ['4,5', '6,7'],
  );
});

test('models that do not fit the memory budget are refused with the numbers', () => {
  assert.throws(() => plan({ dataParallel: 12 }), {
    code: 'MEMORY_SHORT',
    message: '12 workers need 15.2 GB of memory, the budget is 14.4 GB',
  });
});

test('--lanes and --max-prefill-tokens win over the plan', () => {
  const engine = plan({ lanes: 2, batchTokens: 1024 })[0]?.workers[0]?.engine;
  assert.deepEqual([engine?.lanes, engine?.batchTokens], [2, 1024]);
});

for (const [what, machine, outtype] of [
  ['a processor with AVX-512 BF16', {}, 'bf16'],
  ['a processor without it', { hasFastBf16: false }, 'q8_0'],
  ['a GPU', { hasFastBf16: false, hasNvidia: true }, 'bf16'],
] as const) {
  test(`${what} gets ${outtype} weights unless --outtype says otherwise`, () => {
    const settings = { outtype: 'auto', dtype: 'auto', device: 'auto' } as const;
    assert.equal(planOuttype(settings, { ...MACHINE, ...machine }).outtype, outtype);
    assert.equal(planOuttype({ ...settings, outtype: 'f32' }, { ...MACHINE, ...machine }).outtype, 'f32');
  });
}

test('--dtype names the type of the weights where --outtype does not', () => {
  const pick = (dtype: 'half' | 'bfloat16' | 'float', outtype: 'auto' | 'q8_0' = 'auto') =>
    planOuttype({ device: 'cpu', dtype, outtype }, MACHINE).outtype;
  assert.deepEqual([pick('half'), pick('bfloat16'), pick('float')], ['f16', 'bf16', 'f32']);
  assert.equal(pick('half', 'q8_0'), 'q8_0');
});

test('CUDA computes with our own graph, then with llama.cpp, unless the model is split over GPUs', () => {
  const compute = (settings: Partial<PlanQuestion['settings']>) =>
    plan(settings, { hasNvidia: true }).map(({ backend, workers }) => [backend, workers[0]?.engine.compute]);
  assert.deepEqual(compute({}), [
    ['cuda', 'graph'],
    ['cuda', 'llama'],
    ['cpu', 'llama'],
  ]);
  assert.deepEqual(compute({ device: 'cuda', tensorParallel: 2 }), [['cuda', 'llama']]);
  assert.deepEqual(compute({ device: 'cuda', compute: 'llama' }), [['cuda', 'llama']]);
});
