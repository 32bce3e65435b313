// Owns which GPUs each worker gets: tp in a row of base, base + step, ..., workers one after another, as SGLang counts.
// Pure. GPUs are counted among those that the user lets this process see.
import type { Settings } from '../config/options.ts';
import type { Gpu } from '../engine/devices.ts';
import { Fault } from '../faults.ts';

export type GroupSettings = Pick<
  Settings<'launch'>,
  'tensorParallel' | 'dataParallel' | 'baseGpuId' | 'gpuIdStep'
>;

export interface GpuGroup {
  gpus: Gpu[];
  /** The value for CUDA_VISIBLE_DEVICES or its like. */
  visible: string;
}

/** One group per worker. `visible` is what the user has set. Faults: BAD_OPTION where there are too few GPUs. */
export function planGpuGroups(
  settings: GroupSettings,
  { gpus, visible }: { gpus: readonly Gpu[]; visible: string | undefined },
): GpuGroup[] {
  const { tensorParallel, dataParallel, baseGpuId, gpuIdStep } = settings;
  const names = visible?.split(',').map((name) => name.trim());
  return Array.from({ length: dataParallel }, (_, worker) => {
    const numbers = Array.from(
      { length: tensorParallel },
      (__, i) => baseGpuId + (worker * tensorParallel + i) * gpuIdStep,
    );
    return {
      gpus: numbers.map((number) => gpus[number] ?? refuse(settings, number, gpus.length)),
      visible: numbers.map((number) => names?.[number] ?? String(number)).join(','),
    };
  });
}

function refuse(settings: GroupSettings, number: number, count: number): never {
  const { tensorParallel, dataParallel, baseGpuId, gpuIdStep } = settings;
  const options = [
    ['--tp-size', tensorParallel, 1],
    ['--dp-size', dataParallel, 1],
    ['--base-gpu-id', baseGpuId, 0],
    ['--gpu-id-step', gpuIdStep, 1],
  ] as const;
  const given = options.filter(([, value, usual]) => value !== usual);
  const seen = count === 1 ? 'is one, GPU 0' : `are ${String(count)}, GPUs 0 to ${String(count - 1)}`;
  throw new Fault('BAD_OPTION', {
    option: given.map(([flag, value]) => `${flag} ${String(value)}`).join(' '),
    problem: `needs GPU ${String(number)}, but there ${seen}`,
    hint: 'use fewer workers or GPUs per worker, or let this process see more of them',
  });
}
