// The engine as benchmarks run it: on the CPU, as `launch` plans it, nothing shared and nothing cached between texts,
// unless a caller changes that.
import { availableParallelism } from 'node:os';
import type { Embedder } from '../src/embedder.ts';
import { openEngine, type EngineSettings } from '../src/engine/engine.ts';

export function openCpuEngine(modelFile: string, changed: Partial<EngineSettings> = {}): Embedder {
  return openEngine({
    modelFile,
    backend: 'cpu',
    compute: 'graph',
    libraryFolder: null,
    gpuLayers: 0,
    splitMode: 'layer',
    steadyThreads: false,
    schedulePolicy: 'fcfs',
    takesTexts: true,
    threads: availableParallelism(),
    lanes: Math.min(2, availableParallelism()),
    batchTokens: 256,
    batchTexts: null,
    chunkTokens: 256,
    contextTokens: 32_768,
    prefixTokens: 0,
    cachedVectors: 0,
    flashAttention: false,
    ...changed,
  });
}
