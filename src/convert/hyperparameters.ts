// config.json -> the numbers that tensors' shapes follow from, and the `qwen3.*` values of the header, in order.
// Fills gaps with the defaults that transformers would fill in. Pure: takes parsed JSON.

import { Fault } from '../faults.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import type { GgufValue } from './gguf.ts';
import {
  ARCHITECTURE,
  DEFAULT_HEAD_DIM,
  DEFAULT_RMS_EPSILON,
  DEFAULT_ROPE_THETA,
  DEFAULT_VOCABULARY,
  HYPERPARAMETER_KEYS,
  YARN_KEYS,
  type Hyperparameters,
} from './qwen3.ts';

/** Seven times what Qwen3 has. */
const VOCABULARY_LIMIT = 2 ** 20;

/** config.json and its path, for faults. */
interface ConfigFile {
  path: string;
  config: JsonObject;
}

type Entry = [key: string, value: GgufValue];

/** Faults: MODEL_UNSUPPORTED when a number is not a positive integer. */
export function readHyperparameters(file: ConfigFile): Hyperparameters {
  const { config } = file;
  const [layers, contextTokens, hidden, ffn, heads, kvHeads] = HYPERPARAMETER_KEYS.map((row) =>
    positiveInteger(file, { from: row.from, value: valueOf(config, row) }),
  ) as [number, number, number, number, number, number];
  const headDim = config['head_dim'] === null ? hidden / heads : (config['head_dim'] ?? DEFAULT_HEAD_DIM);
  return {
    layers,
    hidden,
    ffn,
    heads,
    kvHeads,
    headDim: positiveInteger(file, { from: 'head_dim', value: headDim }),
    vocabulary: readVocabularySize(file),
    contextTokens,
  };
}

// A file may claim billions and, with holes for numbers, even have them; each is a text in memory.
function readVocabularySize(file: ConfigFile): number {
  const value = positiveInteger(file, {
    from: 'vocab_size',
    value: file.config['vocab_size'] ?? DEFAULT_VOCABULARY,
  });
  if (value <= VOCABULARY_LIMIT) return value;
  throw unsupported(file.path, `vocab_size is ${String(value)}, the limit is ${String(VOCABULARY_LIMIT)}`);
}

/** Values up to the attention's key and value lengths, keys complete. Faults: MODEL_UNSUPPORTED. */
export function renderHyperparameters(file: ConfigFile): Entry[] {
  const { config } = file;
  const entries: Entry[] = HYPERPARAMETER_KEYS.map((row) => [
    row.key,
    { type: 'u32', value: positiveInteger(file, { from: row.from, value: valueOf(config, row) }) },
  ]);
  if (config['is_causal'] === false) entries.push(['attention.causal', { type: 'bool', value: false }]);
  entries.push(...ropeEntries(file));
  entries.push([
    'attention.layer_norm_rms_epsilon',
    float(file, { from: 'rms_norm_eps', value: config['rms_norm_eps'] ?? DEFAULT_RMS_EPSILON }),
  ]);
  if (config['head_dim'] !== null) {
    const { headDim } = readHyperparameters(file);
    entries.push(['attention.key_length', { type: 'u32', value: headDim }]);
    entries.push(['attention.value_length', { type: 'u32', value: headDim }]);
  }
  return entries.map(([key, value]) => [`${ARCHITECTURE}.${key}`, value]);
}

function valueOf(config: JsonObject, row: (typeof HYPERPARAMETER_KEYS)[number]): unknown {
  const { from, fallback } = row;
  if (from === 'num_key_value_heads' && config[from] === null) return config['num_attention_heads'];
  return config[from] ?? fallback;
}

// transformers 4 keeps `rope_theta` beside `rope_scaling`, transformers 5 puts all of it into `rope_parameters`.
function ropeEntries(file: ConfigFile): Entry[] {
  const { config } = file;
  const declared = config['rope_parameters'] ?? config['rope_scaling'];
  const rope = isObject(declared) ? declared : {};
  const theta = rope['rope_theta'] ?? config['rope_theta'] ?? DEFAULT_ROPE_THETA;
  return [
    ...scalingEntries(file, rope),
    ['rope.freq_base', float(file, { from: 'rope_theta', value: theta })],
  ];
}

function scalingEntries(file: ConfigFile, rope: JsonObject): Entry[] {
  const type = rope['rope_type'] ?? rope['type'] ?? 'default';
  if (type === 'default') return [];
  if (type !== 'linear' && type !== 'yarn')
    throw unsupported(
      file.path,
      `scales positions by ${JSON.stringify(type)}; linear and yarn are supported`,
    );
  const entries: Entry[] = [
    ['rope.scaling.type', { type: 'string', value: type }],
    ['rope.scaling.factor', float(file, { from: 'rope_scaling.factor', value: rope['factor'] })],
  ];
  if (type === 'linear') return entries;
  const original =
    rope['original_max_position_embeddings'] ??
    file.config['original_max_position_embeddings'] ??
    file.config['max_position_embeddings'];
  const from = 'original_max_position_embeddings';
  entries.push([
    'rope.scaling.original_context_length',
    { type: 'u32', value: positiveInteger(file, { from, value: original }) },
  ]);
  const unknown = rope['truncate'] === false ? 'truncate' : rope['mscale_all_dim'] ? 'mscale_all_dim' : null;
  if (unknown !== null)
    throw unsupported(file.path, `scales positions by yarn with "${unknown}", which llama.cpp does not`);
  for (const row of YARN_KEYS) {
    const value = row.from.map((name) => rope[name]).find((found) => found !== undefined && found !== null);
    if (value !== undefined) entries.push([row.key, float(file, { from: row.from[0], value })]);
  }
  return entries;
}

function positiveInteger(file: ConfigFile, { from, value }: { from: string; value: unknown }): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 32) return value;
  throw unsupported(
    file.path,
    `${from} is ${value === undefined ? 'missing' : JSON.stringify(value)}, not a positive integer`,
  );
}

function float(file: ConfigFile, { from, value }: { from: string; value: unknown }): GgufValue {
  if (typeof value === 'number') return { type: 'f32', value };
  throw unsupported(
    file.path,
    `${from} is ${value === undefined ? 'missing' : JSON.stringify(value)}, not a number`,
  );
}

function unsupported(path: string, problem: string): Fault {
  return new Fault('MODEL_UNSUPPORTED', { path, problem });
}
