import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanSettings } from '../../../src/launch/plan.ts';
import { firstAttempt, gpus, withCuda } from './plan-question.ts';

const visible = (count: number, settings: Partial<PlanSettings>, users?: string) =>
  firstAttempt({
    settings: { device: 'cuda', ...settings },
    machine: { ...withCuda(count), ...(users === undefined ? {} : { visibleGpus: { cuda: users } }) },
  }).workers.map(({ env }) => env['CUDA_VISIBLE_DEVICES']);

test('each worker gets GPUs of its own, one after another', () => {
  assert.deepEqual(visible(4, { dataParallel: 2, tensorParallel: 2 }), ['0,1', '2,3']);
});

test('--base-gpu-id and --gpu-id-step choose which', () => {
  assert.deepEqual(visible(8, { dataParallel: 2, baseGpuId: 3, gpuIdStep: 2 }), ['3', '5']);
});

test("the user's CUDA_VISIBLE_DEVICES is respected, numbers or names", () => {
  assert.deepEqual(visible(2, { dataParallel: 2 }, '4,7'), ['4', '7']);
  assert.deepEqual(visible(2, { baseGpuId: 1 }, 'GPU-aa, GPU-bb'), ['GPU-bb']);
});

test('Vulkan is told in a variable of its own', () => {
  const { workers } = firstAttempt({
    settings: { device: 'vulkan', baseGpuId: 1 },
    machine: { gpus: { vulkan: { gpus: gpus(2) } } },
  });
  assert.equal(workers[0]?.env['GGML_VK_VISIBLE_DEVICES'], '1');
});

test('more GPUs than there are is a mistake in the options, named with the number that is missing', () => {
  assert.throws(() => visible(2, { dataParallel: 2, tensorParallel: 2 }), {
    code: 'BAD_OPTION',
    message: '--tp-size 2 --dp-size 2: needs GPU 2, but there are 2, GPUs 0 to 1',
  });
  assert.throws(() => visible(1, { baseGpuId: 1 }), {
    message: '--base-gpu-id 1: needs GPU 1, but there is one, GPU 0',
  });
});
