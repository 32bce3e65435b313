// Owns every decision between settings and a running service: which backend, how many workers, threads, lanes, budgets.
// Pure: settings, machine and the size of the model in; a list of attempts, best first, out.
import type { Settings } from '../config/options.ts';
import type { ComputeKind } from '../engine/compute.ts';
import type { EngineSettings } from '../engine/engine.ts';
import type { Backend } from '../engine/libraries.ts';
import { Fault } from '../faults.ts';
import type { Machine } from './machine.ts';

export interface ModelOnDisk {
  file: string;
  sizeBytes: number;
}

/** One way to run the model; the next attempt is taken when no worker of this one can start. */
export interface Attempt {
  backend: Backend;
  /** One line on what was decided and why. */
  reason: string;
  workers: WorkerPlan[];
}

interface WorkerPlan {
  engine: EngineSettings;
  env: Record<string, string>;
}

type LaunchSettings = Pick<
  Settings<'launch'>,
  | 'device'
  | 'tensorParallel'
  | 'dataParallel'
  | 'memFractionStatic'
  | 'threads'
  | 'llamaFolder'
  | 'embeddingCacheSize'
  | 'lanes'
  | 'batchTokens'
  | 'compute'
>;

export interface PlanQuestion {
  settings: LaunchSettings;
  machine: Machine;
  model: ModelOnDisk;
}

// CPU, 2 cores, 8 layers of the 0.6B, bf16, texts of 32 tokens: 837, 882, 745 tokens/s with 128, 256, 512 per batch.
// Flash attention would give 994, but sums in half precision and in an order that depends on the batch: a text alone
// and among others then differs by 1.5e-3 (f32 weights) to 2e-2 (q8_0) of its largest component, without it by 1e-7.
// GPUs need 1,024 to 2,048 tokens per batch, and lanes that fill each other's gaps.
const CPU_SHAPE = { lanes: 1, batchTokens: 256, prefixTokens: 96, flashAttention: false };
const GPU_SHAPE = { lanes: 3, batchTokens: 2048, prefixTokens: 512, flashAttention: true };

/** Besides the weights: keys and values, compute buffers, the process itself. */
const OVERHEAD_BYTES = 256 * 1024 * 1024;

/** Threads of a worker whose arithmetic runs on a GPU. */
const GPU_HOST_THREADS = 4;

const DTYPE_WEIGHTS = {
  half: 'f16',
  float16: 'f16',
  bfloat16: 'bf16',
  float: 'f32',
  float32: 'f32',
} as const;

/**
 * The type to convert a checkpoint to where --outtype says auto: the fastest that keeps a cosine of 0.999 to float32.
 * bf16 on GPUs (q8_0 ran at 0.6 of its speed on an H200) and on processors with AVX-512 BF16 (8 layers of the 0.6B on 2
 * cores, tokens/s: bf16 882, q8_0 820, f16 548, f32 537); q8_0 on other processors, which must widen bf16 first.
 */
export function planOuttype(
  { outtype, dtype, device }: Pick<Settings<'launch'>, 'outtype' | 'dtype' | 'device'>,
  machine: Machine,
): { outtype: Settings<'launch'>['outtype']; reason: string } {
  if (outtype !== 'auto') return { outtype, reason: 'as --outtype says' };
  if (dtype !== 'auto') return { outtype: DTYPE_WEIGHTS[dtype], reason: `as --dtype ${dtype} says` };
  const [backend] = pickBackends(device, machine);
  if (backend?.backend !== 'cpu') return { outtype: 'bf16', reason: 'fastest on GPUs' };
  return machine.hasFastBf16
    ? { outtype: 'bf16', reason: 'fastest on this processor, which has AVX-512 BF16' }
    : { outtype: 'q8_0', reason: 'fastest on this processor, which has no AVX-512 BF16' };
}

/** Faults: MEMORY_SHORT when the CPU is the only way and the models do not fit. */
export function planLaunch(question: PlanQuestion): Attempt[] {
  const { settings, machine } = question;
  const attempts = pickBackends(settings.device, machine).flatMap(({ backend, reason }) =>
    pickComputes(settings, backend).map((compute) => ({
      backend,
      reason,
      workers: Array.from({ length: settings.dataParallel }, (_, index) =>
        planWorker(question, { backend, compute, index }),
      ),
    })),
  );
  if (attempts.every(({ backend }) => backend === 'cpu')) checkMemory(question);
  return attempts;
}

function pickBackends(
  device: Settings<'launch'>['device'],
  machine: Machine,
): { backend: Backend; reason: string }[] {
  const cpu = { backend: 'cpu', reason: `CPU, ${String(machine.cores)} cores` } as const;
  switch (device) {
    case 'cpu':
      return [cpu];
    case 'cuda':
      return machine.hasNvidia
        ? [{ backend: 'cuda', reason: 'CUDA, as --device says' }]
        : [{ ...cpu, reason: 'CPU, because --device cuda found no NVIDIA driver' }];
    case 'vulkan':
    case 'metal':
      return [{ backend: device, reason: `${device}, as --device says` }];
    case 'auto':
      if (machine.hasNvidia)
        return [{ backend: 'cuda', reason: 'CUDA, because there is an NVIDIA driver' }, cpu];
      if (machine.platform === 'darwin' && machine.arch === 'arm64')
        return [{ backend: 'metal', reason: 'Metal, because this is Apple silicon' }, cpu];
      return [cpu];
  }
}

function planWorker(
  { settings, machine, model }: PlanQuestion,
  { backend, compute, index }: { backend: Backend; compute: ComputeKind; index: number },
): WorkerPlan {
  const onCpu = backend === 'cpu';
  const planned = onCpu ? CPU_SHAPE : GPU_SHAPE;
  const shape = {
    ...planned,
    lanes: settings.lanes ?? planned.lanes,
    batchTokens: settings.batchTokens ?? planned.batchTokens,
  };
  const share = Math.max(1, Math.floor(machine.cores / settings.dataParallel));
  return {
    engine: {
      modelFile: model.file,
      backend,
      libraryFolder: settings.llamaFolder,
      compute,
      gpuLayers: onCpu ? 0 : -1,
      threads: settings.threads ?? (onCpu ? share : Math.min(share, GPU_HOST_THREADS)),
      cachedVectors: settings.embeddingCacheSize,
      ...shape,
    },
    env: {
      // Decodes run on libuv's threads: one per lane, the default four beside them.
      UV_THREADPOOL_SIZE: String(shape.lanes + 4),
      ...(backend === 'cuda'
        ? { CUDA_VISIBLE_DEVICES: pickGpus(settings.tensorParallel, index, machine) }
        : {}),
    },
  };
}

/**
 * Who computes, best first. Our own graph knows one device and is proven on CUDA (H200, 4B bf16 over HTTP, 32-token texts:
 * 49.6k tokens/s, llama.cpp's contexts 35.9k); where CUDA lacks a kernel for the model's shape, llama.cpp knows a way
 * round. On the CPU llama.cpp's attention is the exact one.
 */
function pickComputes({ compute, tensorParallel }: LaunchSettings, backend: Backend): ComputeKind[] {
  if (compute !== 'auto') return [compute];
  return backend === 'cuda' && tensorParallel === 1 ? ['graph', 'llama'] : ['llama'];
}

/** The GPUs of one worker: `perWorker` of those visible, those of the workers before it left out. */
function pickGpus(perWorker: number, index: number, { visibleGpus }: Machine): string {
  const numbers = Array.from({ length: perWorker }, (_, i) => index * perWorker + i);
  const visible = visibleGpus?.split(',');
  return numbers
    .map((number) => (visible === undefined ? String(number) : (visible[number] ?? '')))
    .join(',');
}

function checkMemory({ settings, machine, model }: PlanQuestion): void {
  const neededBytes = settings.dataParallel * (model.sizeBytes + OVERHEAD_BYTES);
  const budgetBytes = settings.memFractionStatic * machine.memoryBytes;
  if (neededBytes > budgetBytes)
    throw new Fault('MEMORY_SHORT', { neededBytes, budgetBytes, workers: settings.dataParallel });
}
