// The files of a Hugging Face model folder that a conversion depends on: which they are, and their parsed content.
// What the content means is decided by those who get it.

import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { Fault } from '../faults.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import { poolingFolder } from './admission.ts';
import type { ArrivingShard } from './arriving-shard.ts';
import { INDEX_FILE, listCheckpointFiles, readCheckpoint } from './checkpoint.ts';
import { isFile, isFolder, parseJson, readJsonObject, readSmallFile } from './files.ts';
import type { SafeTensor } from './safetensors.ts';
import type { ChatTemplate } from './special-tokens.ts';
import { cutBulk, type TokenizerBulk } from './tokenizer-bulk.ts';

const SMALL_FILES = [
  'config.json',
  'README.md',
  'generation_config.json',
  'modules.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'chat_template.json',
  'hf_quant_config.json',
  'tokenizer.model',
  INDEX_FILE,
];
const TEMPLATE_FOLDER = 'additional_chat_templates';

export interface ModelFolder {
  modelFolder: string;
  /** Names of models are guessed from it. */
  folderName: string;
  config: JsonObject;
  readme: string;
  generationConfig: unknown;
  tokenizer: JsonObject;
  /** The vocabulary and the merges of `tokenizer`, when they could be taken without parsing; it has none then. */
  bulk?: TokenizerBulk;
  tokenizerConfig: JsonObject;
  chatTemplate?: ChatTemplate;
  tensors: SafeTensor[];
}

export interface FolderToRead {
  modelFolder: string;
  /** Name that counts as the folder's; for folders that are called otherwise, such as after a commit. */
  folderName?: string;
  /** Shards that need not be in the folder yet. */
  arriving?: readonly ArrivingShard[];
}

/** Faults: MODEL_MISSING, MODEL_UNSUPPORTED, WEIGHTS_CORRUPT, FILE_UNREADABLE. */
export function readModelFolder({ modelFolder, folderName, arriving }: FolderToRead): ModelFolder {
  checkFolder(modelFolder);
  const text = (name: string): string => readSmallFile(join(modelFolder, name))?.toString('utf8') ?? '';
  const chatTemplate = readChatTemplate(modelFolder);
  return {
    modelFolder,
    folderName: folderName ?? basename(resolve(modelFolder)),
    config: readRequired(modelFolder, 'config.json'),
    readme: text('README.md'),
    // A broken generation_config.json is common and costs only advice that embeddings do not need.
    generationConfig: parseJson(Buffer.from(text('generation_config.json'))),
    ...readTokenizer(modelFolder),
    tokenizerConfig: readJsonObject(join(modelFolder, 'tokenizer_config.json')) ?? {},
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    tensors: readCheckpoint(modelFolder, arriving),
  };
}

/** Small files that are there, and the checkpoint's shards; paths within the folder, each list in a fixed order. */
export function listModelFiles(
  modelFolder: string,
  arriving: readonly ArrivingShard[] = [],
): { small: string[]; shards: string[] } {
  checkFolder(modelFolder);
  const pooling = poolingFolder(modelFolder);
  const candidates = [
    ...SMALL_FILES,
    ...listTemplates(modelFolder),
    ...(pooling === null ? [] : [join(pooling, 'config.json')]),
  ];
  const small = candidates.filter((name) => isFile(join(modelFolder, name)));
  return { small, shards: listCheckpointFiles(modelFolder, arriving) };
}

function checkFolder(modelFolder: string): void {
  if (!isFolder(modelFolder))
    throw new Fault('MODEL_MISSING', { path: modelFolder, problem: 'is not a folder' });
}

function readTokenizer(modelFolder: string): Pick<ModelFolder, 'tokenizer' | 'bulk'> {
  const bytes = readSmallFile(join(modelFolder, 'tokenizer.json'));
  const cut = bytes === null ? null : cutBulk(bytes);
  const rest = cut === null ? undefined : parseJson(cut.rest);
  return cut !== null && isObject(rest)
    ? { tokenizer: rest, bulk: cut.bulk }
    : { tokenizer: readRequired(modelFolder, 'tokenizer.json') };
}

function readRequired(modelFolder: string, name: string): JsonObject {
  const json = readJsonObject(join(modelFolder, name));
  if (json === undefined) throw new Fault('MODEL_MISSING', { path: modelFolder, problem: `has no ${name}` });
  return json;
}

function readChatTemplate(modelFolder: string): ChatTemplate | undefined {
  const text = readTemplate(join(modelFolder, 'chat_template.jinja'));
  if (text === undefined) {
    const template = readJsonObject(join(modelFolder, 'chat_template.json'))?.['chat_template'];
    return typeof template === 'string' ? template : undefined;
  }
  const more = listTemplates(modelFolder).map((path) => ({
    name: basename(path, '.jinja'),
    template: readTemplate(join(modelFolder, path)) ?? '',
  }));
  return more.length === 0 ? text : [{ name: 'default', template: text }, ...more];
}

function listTemplates(modelFolder: string): string[] {
  const folder = join(modelFolder, TEMPLATE_FOLDER);
  if (!isFolder(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.jinja'));
  return names.sort().map((name) => join(TEMPLATE_FOLDER, name));
}

// Read as Python reads text: every line end becomes a line feed.
function readTemplate(path: string): string | undefined {
  return readSmallFile(path)?.toString('utf8').replaceAll(/\r\n?/g, '\n');
}
