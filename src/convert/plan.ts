// Reads a Hugging Face model folder, all but the numbers, and decides the whole GGUF file: header bytes, where each
// tensor goes and in which type, what the file is called. Writes nothing; convert.ts carries a plan out.

import { join } from 'node:path';

import { checkArchitecture, checkServable, readPoolingType } from './admission.ts';
import { DEFAULT_ALIGNMENT, padTo, type GgufMetadata, type GgufTensor, type GgufValue } from './gguf.ts';
import { layOutTensors, renderGgufHeader } from './gguf-write.ts';
import { readHyperparameters, renderHyperparameters } from './hyperparameters.ts';
import { readGeneralValues } from './model-card.ts';
import { readModelFolder, type FolderToRead } from './model-folder.ts';
import { renderFileStem } from './model-name.ts';
import { ARCHITECTURE } from './qwen3.ts';
import { renderSpecialTokens } from './special-tokens.ts';
import { detectOuttype, planTensors, type Outtype, type PlannedTensor } from './tensor-plan.ts';
import { renderVocabulary } from './tokenizer.ts';

const FILE_TYPES: Record<Outtype, number> = { f32: 0, f16: 1, q8_0: 7, bf16: 32 };
const QUANTIZATION_VERSION = 2;

export interface PlanOptions extends FolderToRead {
  outtype: Outtype | 'auto';
  /** `general.name`; default: from the model card or the folder's name. */
  modelName?: string;
  /** Refuses what llama.cpp's converter would convert and no server can answer from, before a number is read. */
  isForServing?: true;
  /** Called with a sentence for each thing that is allowed but probably not meant. */
  onWarning?: (message: string) => void;
}

export interface ConversionPlan {
  outtype: Outtype;
  /** The file's start; the data area begins where it ends. */
  header: Buffer;
  tensors: (PlannedTensor & GgufTensor)[];
  sizeBytes: number;
  /** Default name of the file. */
  fileName: string;
}

/**
 * What converting the folder would write.
 * Faults: MODEL_MISSING, MODEL_UNSUPPORTED, WEIGHTS_CORRUPT, FILE_UNREADABLE.
 */
export function planConversion(options: PlanOptions): ConversionPlan {
  const folder = readModelFolder(options);
  const onWarning = options.onWarning ?? (() => undefined);
  checkArchitecture(folder);
  const configFile = { path: join(folder.modelFolder, 'config.json'), config: folder.config };
  const hyperparameters = readHyperparameters(configFile);
  const checkpoint = { ...folder, hyperparameters, onWarning };
  const outtype = options.outtype === 'auto' ? detectOuttype(checkpoint) : options.outtype;
  const planned = planTensors(checkpoint, outtype);
  const general = readGeneralValues({
    ...folder,
    ...(options.modelName === undefined ? {} : { modelName: options.modelName }),
    parameters: countParameters(planned),
    onWarning,
  });
  const metadata: GgufMetadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: ARCHITECTURE }],
    ['general.type', { type: 'string', value: 'model' }],
    ...general.entries,
    ...renderHyperparameters(configFile),
    ['general.file_type', { type: 'u32', value: FILE_TYPES[outtype] }],
    ...poolingEntry(folder.modelFolder, onWarning),
    ['general.quantization_version', { type: 'u32', value: QUANTIZATION_VERSION }],
    ...renderVocabulary(folder, hyperparameters.vocabulary),
    ...renderSpecialTokens(folder),
  ]);
  if (options.isForServing === true) checkServable(folder, metadata);
  const encoding = outtype.toUpperCase();
  return {
    outtype,
    ...assemble(metadata, planned),
    fileName: `${renderFileStem(general.parts, encoding)}.gguf`,
  };
}

function assemble(
  metadata: GgufMetadata,
  planned: PlannedTensor[],
): Pick<ConversionPlan, 'header' | 'tensors' | 'sizeBytes'> {
  const header = renderGgufHeader({ metadata, tensors: planned });
  const tensors = layOutTensors(planned, DEFAULT_ALIGNMENT);
  const dataBytes = tensors.reduce((sum, { sizeBytes }) => sum + padTo(sizeBytes, DEFAULT_ALIGNMENT), 0);
  return { header, tensors, sizeBytes: header.length + dataBytes };
}

function poolingEntry(modelFolder: string, onWarning: (message: string) => void): [string, GgufValue][] {
  const poolingType = readPoolingType(modelFolder);
  if (poolingType !== null) return [[`${ARCHITECTURE}.pooling_type`, { type: 'u32', value: poolingType }]];
  onWarning(
    'modules.json names no pooling, so the file gets no pooling_type; fetch modules.json and 1_Pooling',
  );
  return [];
}

function countParameters(tensors: readonly PlannedTensor[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
}
