// Owns the choice of who computes: llama.cpp's contexts, known to every backend, or the engine's own graph, quicker on
// CUDA and on CPUs. Both give lanes of one shape; the weights that lanes share are here.
// H200, 4B bf16, 1,024 tokens of 32-token texts per batch, 1 / 2 / 3 lanes: llama 24k / 31k / 33k tokens/s, graph
// 49k / 51k / 51k.
import type { Profile } from '../embedder.ts';
import type { Decoder, LaneShape } from './decoder.ts';
import { openDevice } from './graph/device.ts';
import { GraphLane } from './graph/graph-lane.ts';
import { Weights } from './graph/weights.ts';
import { openHeadlessModel } from './headless-model.ts';
import { Lane } from './lane.ts';
import type { Llama } from './llama-abi.ts';
import { readTensor, type ModelFile } from './model-file.ts';
import { TokenTable } from './token-table.ts';

export type ComputeKind = 'llama' | 'graph';

export interface Compute {
  /** Faults: ENGINE_FAILED, MODEL_UNSUPPORTED. */
  openLane(shape: LaneShape): Decoder;
  /** After all lanes. */
  close(): void;
}

export interface ComputeOptions {
  compute: ComputeKind;
  llama: Llama;
  file: ModelFile;
  gpuLayers: number;
  threads: number;
  profile: Profile;
}

/** Loads the weights. Faults: ENGINE_FAILED, FILE_UNREADABLE, WEIGHTS_CORRUPT, MODEL_UNSUPPORTED. */
export function openCompute(options: ComputeOptions): Compute {
  return options.compute === 'graph' ? openGraphCompute(options) : openLlamaCompute(options);
}

function openLlamaCompute(options: ComputeOptions): Compute {
  const { llama, file, gpuLayers, threads, profile } = options;
  const table = openTable(llama, file);
  const model = openHeadlessModel(llama, file, options);
  return {
    openLane: (shape) => new Lane({ ...shape, llama, model, file, table, gpuLayers, threads, profile }),
    close: () => {
      llama.freeModel(model);
    },
  };
}

function openGraphCompute({ llama, file, gpuLayers, threads, profile }: ComputeOptions): Compute {
  const device = openDevice(llama, gpuLayers === 0 ? 'cpu' : 'gpu');
  const weights = new Weights(device, file);
  const table = weights.table === null ? openTable(llama, file) : null;
  return {
    openLane: (shape) =>
      new GraphLane({
        ...shape,
        ...{ device, weights, table, threads, profile },
        path: file.path,
        rounds: device.kind !== 'cpu',
      }),
    close: () => {
      weights.close();
    },
  };
}

function openTable(llama: Llama, file: ModelFile): TokenTable {
  const bytes = readTensor(file, file.tokenEmbeddings);
  return new TokenTable(llama, { ...file.tokenEmbeddings, path: file.path, bytes });
}
