// Owns what a model's folder says of its size before any weight is read: the numbers of config.json.
import { join } from 'node:path';
import { parseJson, readJsonObject } from '../convert/files.ts';
import { readHyperparameters } from '../convert/hyperparameters.ts';
import type { Hyperparameters } from '../convert/qwen3.ts';
import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';

export type ModelConfig = Hyperparameters;

/** Faults: MODEL_MISSING, MODEL_UNSUPPORTED, FILE_UNREADABLE. */
export function readModelConfig(modelFolder: string): ModelConfig {
  const path = join(modelFolder, 'config.json');
  const config = readJsonObject(path);
  if (config === undefined)
    throw new Fault('MODEL_MISSING', { path: modelFolder, problem: 'has no config.json' });
  return readHyperparameters({ path, config });
}

/** The same of a config.json's bytes; `path` is for faults. Faults: MODEL_UNSUPPORTED. */
export function parseModelConfig(path: string, bytes: Buffer): ModelConfig {
  const config = parseJson(bytes);
  if (!isObject(config)) throw new Fault('MODEL_UNSUPPORTED', { path, problem: 'is not a JSON object' });
  return readHyperparameters({ path, config });
}
