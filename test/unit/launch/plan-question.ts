// A question to the plan that every test changes in one place: the 4B in bf16, on a machine of one's own making.
import type { Gpu } from '../../../src/engine/devices.ts';
import { weightBytes } from '../../../src/engine/memory-need.ts';
import { FAMILY } from '../../../src/launch/family.ts';
import type { Machine } from '../../../src/launch/machine.ts';
import type { ModelOutline } from '../../../src/launch/model-outline.ts';
import { planLaunch, type Attempt, type LaunchPlan, type PlanSettings } from '../../../src/launch/plan.ts';

const GB = 1e9;

const SETTINGS: PlanSettings = {
  device: 'auto',
  tensorParallel: 1,
  dataParallel: 1,
  baseGpuId: 0,
  gpuIdStep: 1,
  memFractionStatic: 0.9,
  threads: null,
  llamaFolder: null,
  embeddingCacheSize: 0,
  watchdogTimeoutSeconds: 300,
  skipTokenizer: false,
  deterministic: false,
  schedulePolicy: 'fcfs',
  lanes: null,
  batchTokens: null,
  chunkedPrefillSize: null,
  prefillMaxRequests: null,
  maxRunningRequests: null,
  maxTotalTokens: null,
  contextLength: null,
  compute: 'auto',
};

export const MACHINE: Machine = {
  platform: 'linux',
  arch: 'x64',
  cores: 8,
  memory: { totalBytes: 64 * GB, freeBytes: 60 * GB },
  hasFastBf16: true,
  hasNvidia: false,
  hasGraphics: false,
  visibleGpus: {},
  allowsLongerContext: false,
  gpus: {},
};

export const gpus = (count: number, freeGigabytes = 80): Gpu[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `CUDA${String(i)}`,
    description: 'NVIDIA Test',
    isIntegrated: false,
    freeBytes: freeGigabytes * GB,
    totalBytes: 80 * GB,
  }));

/** A machine with NVIDIA GPUs. */
export const withCuda = (count: number, freeGigabytes = 80): Partial<Machine> => ({
  hasNvidia: true,
  gpus: { cuda: { gpus: gpus(count, freeGigabytes) } },
});

/** A member of the family by the end of its name. */
export function outline(size: '0.6B' | '4B' | '8B', type: 'BF16' | 'Q8_0' = 'BF16'): ModelOutline {
  const member = FAMILY.find(({ name }) => name.endsWith(size));
  if (member === undefined) throw new Error(size);
  const { shape, contextTokens } = member;
  return {
    shape,
    vocabulary: shape.vocabulary,
    contextTokens,
    weights: weightBytes(shape, type),
    type,
    isConverted: true,
  };
}

export interface Changes {
  settings?: Partial<PlanSettings>;
  machine?: Partial<Machine>;
  model?: ModelOutline;
}

export const plan = ({ settings, machine, model = outline('4B') }: Changes = {}): LaunchPlan =>
  planLaunch({ settings: { ...SETTINGS, ...settings }, machine: { ...MACHINE, ...machine }, model });

export const firstAttempt = (changes: Changes = {}): Attempt => plan(changes).attempts[0];

/** The settings of the first worker's engine. */
export function engineOf(changes: Changes = {}): Attempt['workers'][number]['engine'] {
  const [worker] = firstAttempt(changes).workers;
  if (worker === undefined) throw new Error('a plan without workers');
  return worker.engine;
}
