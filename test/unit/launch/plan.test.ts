import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOuttype } from '../../../src/launch/outtype.ts';
import { engineOf, firstAttempt, gpus, MACHINE, plan, withCuda } from './plan-question.ts';

const ways = (changes: Parameters<typeof plan>[0]) =>
  plan(changes).attempts.map(({ backend, compute }) => `${backend} ${compute}`);

const CPU = ['cpu graph', 'cpu llama'];

test('without a GPU the CPU is taken, with all cores', () => {
  assert.deepEqual(ways({}), ['cpu graph', 'cpu llama']);
  assert.equal(engineOf().threads, 8);
});

test('workers on the CPU share its cores', () => {
  assert.deepEqual(
    firstAttempt({ settings: { dataParallel: 3 } }).workers.map(({ engine }) => engine.threads),
    [2, 2, 2],
  );
});

test('on CUDA our own graph comes first, then llama.cpp, and the CPU at last', () => {
  assert.deepEqual(ways({ machine: withCuda(1) }), ['cuda graph', 'cuda llama', ...CPU]);
});

test('a GPU that Vulkan sees comes after CUDA and before the CPU', () => {
  const both = { ...withCuda(1), hasGraphics: true };
  const machine = { ...both, gpus: { ...both.gpus, vulkan: { gpus: gpus(1) } } };
  assert.deepEqual(ways({ machine }), ['cuda graph', 'cuda llama', 'vulkan llama', ...CPU]);
});

test('an integrated GPU is taken by --device vulkan only', () => {
  const integrated = gpus(1).map((gpu) => ({ ...gpu, isIntegrated: true }));
  const machine = { hasGraphics: true, gpus: { vulkan: { gpus: integrated } } };
  assert.deepEqual(ways({ machine }), CPU);
  assert.deepEqual(ways({ machine, settings: { device: 'vulkan' } }), ['vulkan llama']);
});

test('Apple silicon takes Metal', () => {
  const machine = { platform: 'darwin', arch: 'arm64', gpus: { metal: { gpus: gpus(1) } } };
  assert.deepEqual(ways({ machine }), ['metal llama', ...CPU]);
});

test('a model that is split over GPUs, or --compute llama, leaves our own graph out', () => {
  const machine = withCuda(2);
  assert.deepEqual(ways({ machine, settings: { device: 'cuda', tensorParallel: 2 } }), ['cuda llama']);
  assert.deepEqual(ways({ machine, settings: { device: 'cuda', compute: 'llama' } }), ['cuda llama']);
});

test('our own graph is not promised over several GPUs', () => {
  const settings = { device: 'cuda', compute: 'graph', tensorParallel: 2 } as const;
  assert.throws(() => plan({ machine: withCuda(2), settings }), {
    code: 'BAD_OPTION',
    message: '--compute graph: knows one GPU, and --tp-size says 2',
  });
});

test('--device cuda without a driver runs on the CPU and says so', () => {
  const { backend, reason } = firstAttempt({ settings: { device: 'cuda' } });
  assert.deepEqual([backend, reason], ['cpu', 'CPU, because --device cuda found no NVIDIA driver']);
});

test('--device cuda with a driver never falls back to the CPU', () => {
  assert.deepEqual(ways({ machine: withCuda(1), settings: { device: 'cuda' } }), [
    'cuda graph',
    'cuda llama',
  ]);
});

test('a driver whose GPUs nobody sees is passed over, with the reason', () => {
  const machine = { hasNvidia: true, gpus: { cuda: { problem: 'the driver is too old' } } };
  const { attempts, passedOver } = plan({ machine });
  assert.deepEqual(
    attempts.map(({ backend }) => backend),
    ['cpu', 'cpu'],
  );
  assert.equal(passedOver[0]?.fault.message, 'cuda cannot be used here: the driver is too old');
  assert.throws(() => plan({ machine, settings: { device: 'cuda' } }), { code: 'DEVICE_MISSING' });
});

test('--device vulkan without a GPU is refused instead of running on the CPU', () => {
  assert.throws(() => plan({ settings: { device: 'vulkan' }, machine: { gpus: { vulkan: { gpus: [] } } } }), {
    code: 'DEVICE_MISSING',
    message: 'vulkan cannot be used here: its libraries see no GPU',
  });
});

test('a longer context than the model was trained for needs leave', () => {
  const settings = { contextLength: 50_000 };
  assert.throws(() => plan({ settings }), {
    code: 'BAD_OPTION',
    message: '--context-length 50000: the model was trained for 40960 tokens',
  });
  assert.equal(engineOf({ settings, machine: { allowsLongerContext: true } }).contextTokens, 50_000);
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
