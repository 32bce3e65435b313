// Owns the question which GPUs a set of libraries sees and how much memory they have free, and the fault for too little
// of it. The order of the GPUs is that of CUDA_VISIBLE_DEVICES and its like. Computes nothing on them.
import { Fault } from '../faults.ts';
import type { Llama, Pointer } from './llama-abi.ts';

export interface Gpu {
  /** As ggml names it: CUDA0, Vulkan1, Metal. */
  name: string;
  /** As its maker names it. */
  description: string;
  /** It shares the system's memory. */
  isIntegrated: boolean;
  freeBytes: number;
  totalBytes: number;
}

/** ggml's numbers for the kinds of devices that are GPUs. */
const GPU_TYPES = { dedicated: 1, integrated: 2 } as const;
const isGpu = (type: number): boolean => type === GPU_TYPES.dedicated || type === GPU_TYPES.integrated;

function bindDevices({ bindGgml: bind }: Llama) {
  return {
    count: bind<() => number>('ggml', 'size_t ggml_backend_dev_count()'),
    at: bind<(index: number) => Pointer>('ggml', 'void *ggml_backend_dev_get(size_t index)'),
    name: bind<(device: Pointer) => string>('base', 'const char *ggml_backend_dev_name(void *device)'),
    description: bind<(device: Pointer) => string>(
      'base',
      'const char *ggml_backend_dev_description(void *device)',
    ),
    type: bind<(device: Pointer) => number>('base', 'int ggml_backend_dev_type(void *device)'),
    memory: bind<(device: Pointer, free: BigUint64Array, total: BigUint64Array) => void>(
      'base',
      'void ggml_backend_dev_memory(void *device, void *free, void *total)',
    ),
  };
}

/** Faults: NATIVE_MISMATCH. */
export function listGpus(llama: Llama): Gpu[] {
  const ggml = bindDevices(llama);
  return Array.from({ length: ggml.count() }, (_, i) => ggml.at(i))
    .filter((device) => isGpu(ggml.type(device)))
    .map((device) => {
      const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)];
      ggml.memory(device, free, total);
      return {
        name: ggml.name(device),
        description: ggml.description(device),
        isIntegrated: ggml.type(device) === GPU_TYPES.integrated,
        freeBytes: Number(free[0]),
        totalBytes: Number(total[0]),
      };
    });
}

interface Want {
  onGpu: boolean;
  /** What the memory is for, as part of a sentence. */
  purpose: string;
  neededBytes: number;
}

/** The fault for an allocation that failed; null where so much was free that the reason must be another. */
export function findShortage(llama: Llama, want: Want): Fault<'MEMORY_SHORT'> | null {
  const fault = shortageOf(llama, want);
  return want.neededBytes > fault.params.allowedBytes ? fault : null;
}

/** The fault for an allocation that failed for want of memory. */
export function shortageOf(llama: Llama, { onGpu, purpose, neededBytes }: Want): Fault<'MEMORY_SHORT'> {
  const gpus = onGpu ? listGpus(llama) : [];
  return new Fault('MEMORY_SHORT', {
    place: onGpu ? gpus.map(({ name }) => name).join(', ') : 'the system',
    needed: purpose,
    neededBytes,
    // ggml takes all of the system's memory for free.
    allowedBytes: onGpu ? gpus.reduce((sum, { freeBytes }) => sum + freeBytes, 0) : process.availableMemory(),
    allowance: 'what is free there is',
    advice: null,
  });
}
