// Owns what a plan must know of a model before anything is loaded or converted: shape, context, bytes of its weights.
// A .gguf's header says all of it; of a folder, config.json and the type to convert to do. Neither need be here whole.
import { checkModelHeader, readModelFile, type ModelFile, type ModelShape } from '../engine/model-file.ts';
import { weightBytes, type WeightBytes } from '../engine/memory-need.ts';
import type { FoundModel } from '../models/find-model.ts';
import { readModelConfig, type ModelConfig } from '../models/read-config.ts';
import type { DistantModel } from '../models/survey-repo.ts';
import type { planOuttype } from './outtype.ts';

export interface ModelOutline {
  shape: ModelShape;
  vocabulary: number;
  /** Longest text that it was trained for. */
  contextTokens: number;
  weights: WeightBytes;
  /** Of its matrices. */
  type: string;
  /** Made of a folder, so that another type can be had. */
  isConverted: boolean;
}

/** Faults: FILE_UNREADABLE, WEIGHTS_CORRUPT, MODEL_MISSING, MODEL_UNSUPPORTED. */
export function outlineModel(
  model: FoundModel | DistantModel,
  outtype: ReturnType<typeof planOuttype>['outtype'],
): ModelOutline {
  switch (model.kind) {
    case 'gguf':
      return outlineFile(readModelFile(model.path));
    case 'header':
      return outlineFile(checkModelHeader(model.path, model.header));
    case 'folder':
      return outlineConfig(readModelConfig(model.path), outtype);
    case 'config':
      return outlineConfig(model.config, outtype);
  }
}

function outlineFile({ header, shape, facts, tokenEmbeddings }: ModelFile): ModelOutline {
  const layers = header.tensors
    .filter(({ name }) => name !== tokenEmbeddings.name && name !== 'output.weight')
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    shape,
    vocabulary: facts.vocabularySize,
    contextTokens: facts.contextTokens,
    weights: { layers, tokenTable: tokenEmbeddings.sizeBytes },
    type: facts.weightsType,
    isConverted: false,
  };
}

const TYPES = { f32: 'F32', f16: 'F16', bf16: 'BF16', q8_0: 'Q8_0' } as const;

function outlineConfig(config: ModelConfig, outtype: keyof typeof TYPES): ModelOutline {
  const { vocabulary, contextTokens, ...shape } = config;
  const type = TYPES[outtype];
  const weights = weightBytes({ ...shape, vocabulary }, type);
  return { shape, vocabulary, contextTokens, weights, type, isConverted: true };
}
