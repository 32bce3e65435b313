// The engine as benchmarks run it: on the CPU, one lane, nothing shared and nothing cached between texts,
// unless a caller changes that.
import { availableParallelism } from 'node:os';
import type { Embedder } from '../src/embedder.ts';
import { openEngine, type EngineSettings } from '../src/engine/engine.ts';

export function openCpuEngine(modelFile: string, changed: Partial<EngineSettings> = {}): Embedder {
  return openEngine({
    modelFile,
    backend: 'cpu',
    compute: 'llama',
    libraryFolder: null,
    gpuLayers: 0,
    splitMode: 'layer',
    threads: availableParallelism(),
    lanes: 1,
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
