// The engine as benchmarks run it: sized for a device as `launch` sizes it with enough memory, nothing shared and nothing
// cached between texts, unless a caller changes that.
import { availableParallelism } from 'node:os';
import type { Embedder } from '../src/embedder.ts';
import { openEngine, type EngineSettings } from '../src/engine/engine.ts';

interface Measured {
  modelFile: string;
  /** As `launch --device` takes it. */
  device: string;
  /** Of `--llama-folder`. */
  libraryFolder?: string | undefined;
}

const ON_CPU = {
  gpuLayers: 0,
  threads: availableParallelism(),
  lanes: Math.min(2, availableParallelism()),
  batchTokens: 256,
  chunkTokens: 256,
  flashAttention: false,
};
const ON_GPU = {
  gpuLayers: -1,
  threads: 4,
  lanes: 3,
  batchTokens: 2048,
  chunkTokens: 2048,
  flashAttention: true,
};

export function settingsOf({ modelFile, device, libraryFolder }: Measured): EngineSettings {
  return {
    modelFile,
    backend: device as EngineSettings['backend'],
    compute: 'graph',
    libraryFolder: libraryFolder ?? null,
    steadyThreads: false,
    schedulePolicy: 'fcfs',
    takesTexts: true,
    batchTexts: null,
    contextTokens: 32_768,
    prefixTokens: 0,
    cachedVectors: 0,
    ...(device === 'cpu' ? ON_CPU : ON_GPU),
  };
}

export function openCpuEngine(modelFile: string, changed: Partial<EngineSettings> = {}): Embedder {
  return openEngine({ ...settingsOf({ modelFile, device: 'cpu' }), ...changed });
}
