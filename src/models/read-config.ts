// Owns what a model's folder says of its size before any weight is read: the numbers of config.json.
import { join } from 'node:path';
import { isObject, parseJson, readJsonObject, type JsonObject } from '../convert/files.ts';
import { readHyperparameters } from '../convert/hyperparameters.ts';
import type { Hyperparameters } from '../convert/qwen3.ts';
import { Fault } from '../faults.ts';

export interface ModelConfig extends Hyperparameters {
  contextTokens: number;
}

/** Faults: MODEL_MISSING, MODEL_UNSUPPORTED, FILE_UNREADABLE. */
export function readModelConfig(modelFolder: string): ModelConfig {
  const path = join(modelFolder, 'config.json');
  const config = readJsonObject(path);
  if (config === undefined)
    throw new Fault('MODEL_MISSING', { path: modelFolder, problem: 'has no config.json' });
  return interpretConfig(path, config);
}

/** The same of a config.json's bytes; `path` is for faults. Faults: MODEL_UNSUPPORTED. */
export function parseModelConfig(path: string, bytes: Buffer): ModelConfig {
  const config = parseJson(bytes);
  if (!isObject(config)) throw new Fault('MODEL_UNSUPPORTED', { path, problem: 'is not a JSON object' });
  return interpretConfig(path, config);
}

function interpretConfig(path: string, config: JsonObject): ModelConfig {
  const contextTokens = config['max_position_embeddings'];
  if (typeof contextTokens !== 'number' || !Number.isInteger(contextTokens) || contextTokens < 1)
    throw new Fault('MODEL_UNSUPPORTED', { path, problem: 'max_position_embeddings is no positive integer' });
  return { ...readHyperparameters({ path, config }), contextTokens };
}
