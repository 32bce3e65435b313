// Decides whether a model folder may be converted: no rerankers, no quantised weights, no layers or computations that a
// GGUF file would silently lose, a pooling that llama.cpp knows. Better refused than converted into wrong vectors.
// Works on parsed JSON; reads only the pooling module's own config.

import { join } from 'node:path';

import { Fault } from '../faults.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import { isFile, readJsonFile, readJsonObject } from './files.ts';
import type { GgufMetadata } from './gguf.ts';
import {
  ARCHITECTURE,
  DEFAULT_MAX_WINDOW_LAYERS,
  DEFAULT_SLIDING_WINDOW,
  HF_ARCHITECTURES,
  KNOWN_MODULES,
  POOLING_FLAGS,
  POOLING_LAST,
} from './qwen3.ts';
import { addsOneTokenAtMost } from './special-tokens.ts';

/** config.json and the names around it by which llama.cpp recognises a reranker. */
interface Candidate {
  modelFolder: string;
  folderName: string;
  config: JsonObject;
  readme: string;
}

/** Faults: MODEL_UNSUPPORTED. */
export function checkArchitecture({ modelFolder, folderName, config, readme }: Candidate): void {
  const architectures = config['architectures'];
  const architecture: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const name = typeof architecture === 'string' ? architecture : 'no architecture';
  const hints = [folderName, config['_name_or_path'], config['model_type'], name];
  const isReranker =
    readme.toLowerCase().includes('# qwen3-reranker') ||
    name.toLowerCase().includes('sequenceclassification') ||
    hints.some((hint) => typeof hint === 'string' && hint.toLowerCase().includes('qwen3-reranker'));
  if (isReranker) throw unsupported(modelFolder, 'is a reranker, not an embedding model');
  if (!HF_ARCHITECTURES.includes(name))
    throw unsupported(modelFolder, `has ${name}, only ${HF_ARCHITECTURES.join(' and ')} are supported`);
  if (isObject(config['quantization_config']) || isFile(join(modelFolder, 'hf_quant_config.json')))
    throw unsupported(modelFolder, 'has quantised weights', 'use the repository that has the BF16 weights');
  if (isFile(join(modelFolder, 'tokenizer.model')))
    throw unsupported(modelFolder, 'has a sentencepiece tokenizer.model; Qwen3 uses tokenizer.json alone');
  const { hidden_act: activation = 'silu' } = config;
  if (activation !== 'silu')
    throw unsupported(
      modelFolder,
      `computes with ${JSON.stringify(activation)}; llama.cpp's Qwen3 knows silu`,
    );
  if (hasSlidingWindow(config))
    throw unsupported(
      modelFolder,
      'has layers with a sliding window, which llama.cpp would compute without it',
    );
}

/** Whether transformers would hide early tokens from some layer, with the defaults of its Qwen3Config. */
function hasSlidingWindow(config: JsonObject): boolean {
  if (config['use_sliding_window'] !== true) return false;
  const {
    sliding_window: window = DEFAULT_SLIDING_WINDOW,
    max_window_layers: fullLayers = DEFAULT_MAX_WINDOW_LAYERS,
    num_hidden_layers: layers = Infinity,
    max_position_embeddings: contextTokens = Infinity,
    layer_types: types,
  } = config;
  const slides = Array.isArray(types)
    ? types.includes('sliding_attention')
    : Number(fullLayers) < Number(layers);
  return slides && window !== null && Number(window) < Number(contextTokens);
}

/**
 * llama.cpp's pooling type from modules.json, or null when it does not say.
 * Faults: MODEL_UNSUPPORTED for a module that GGUF cannot hold or an unknown pooling, MODEL_MISSING, FILE_UNREADABLE.
 */
export function readPoolingType(modelFolder: string): number | null {
  const modules = readModules(modelFolder);
  const unknown = modules.find(({ type }) => !KNOWN_MODULES.includes(type.slice(type.lastIndexOf('.') + 1)));
  if (unknown !== undefined)
    throw unsupported(modelFolder, `has the module ${unknown.type}, which a GGUF file cannot hold`);
  const folder = poolingFolder(modelFolder);
  return folder === null ? null : poolingTypeIn(join(modelFolder, folder, 'config.json'));
}

/** Where the pooling module's config lies within the model folder; null when modules.json is missing or has none. */
export function poolingFolder(modelFolder: string): string | null {
  return readModules(modelFolder).find(({ type }) => type.endsWith('Pooling'))?.folder ?? null;
}

function readModules(modelFolder: string): { type: string; folder: string }[] {
  const path = join(modelFolder, 'modules.json');
  const modules = readJsonFile(path);
  if (modules === undefined) return [];
  if (!Array.isArray(modules))
    throw new Fault('FILE_UNREADABLE', { path, problem: 'is not a list of modules' });
  return modules.map((module) => parseModule(path, module));
}

function parseModule(path: string, module: unknown): { type: string; folder: string } {
  const { type, path: folder } = isObject(module) ? module : {};
  if (typeof type !== 'string' || typeof folder !== 'string')
    throw new Fault('FILE_UNREADABLE', { path, problem: 'has a module without type or path' });
  if (folder.includes('\0') || folder.startsWith('/') || folder.split(/[/\\]/).includes('..'))
    throw new Fault('FILE_UNREADABLE', { path, problem: `has a module outside the folder: ${folder}` });
  return { type, folder };
}

function poolingTypeIn(path: string): number {
  const config = readJsonObject(path);
  if (config === undefined)
    throw new Fault('MODEL_MISSING', {
      path,
      problem: 'is missing, modules.json points to it',
      hint: 'fetch the folder 1_Pooling of the model as well',
    });
  const rule =
    POOLING_FLAGS.find(({ flag }) => isTruthy(config[flag])) ??
    POOLING_FLAGS.find(({ mode }) => mode === config['pooling_mode']);
  if (rule === undefined) throw unsupported(path, 'pools neither by mean, nor cls, nor last token');
  return rule.type;
}

/**
 * What the file's header must say before its vectors can be trusted, told of the folder that says otherwise.
 * Faults: MODEL_UNSUPPORTED.
 */
export function checkServable(
  { modelFolder, tokenizer }: { modelFolder: string; tokenizer: JsonObject },
  metadata: GgufMetadata,
): void {
  const valueOf = (key: string) => metadata.get(key)?.value;
  const pooling = valueOf(`${ARCHITECTURE}.pooling_type`);
  const rule = POOLING_FLAGS.find(({ type }) => type === pooling);
  if (rule === undefined)
    throw unsupported(
      modelFolder,
      'does not say how vectors are pooled: modules.json is missing or names no pooling',
      'fetch modules.json and the folder 1_Pooling of the model as well',
    );
  if (rule.type !== POOLING_LAST)
    throw unsupported(modelFolder, `pools by ${rule.mode}, and only pooling by the last token is served`);
  if (valueOf(`${ARCHITECTURE}.attention.causal`) === false)
    throw unsupported(modelFolder, 'attends to later tokens too ("is_causal": false), which is not served');
  if (!addsOneTokenAtMost(tokenizer))
    throw unsupported(
      modelFolder,
      'has a tokenizer.json that adds more to a text than an end token, which is not served',
    );
  if (valueOf('tokenizer.ggml.add_eos_token') !== true)
    throw unsupported(
      modelFolder,
      'has a tokenizer.json that appends no end token, at which a vector would be read',
      'take tokenizer.json from the repository of the embedding model, such as Qwen/Qwen3-Embedding-0.6B',
    );
}

function isTruthy(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}

function unsupported(path: string, problem: string, hint?: string): Fault {
  return new Fault('MODEL_UNSUPPORTED', { path, problem, ...(hint === undefined ? {} : { hint }) });
}
