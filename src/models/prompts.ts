// Owns the prompts that a model's folder names: config_sentence_transformers.json, as sentence-transformers writes it.
// A .gguf file cannot hold them; beside it they are found under the same name, or under the file's own where several
// models share a folder: NAME.gguf has NAME.prompts.json.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';

const PROMPTS_FILE = 'config_sentence_transformers.json';

export interface ModelPrompts {
  /** The file that says so. */
  path: string;
  prompts: Readonly<Record<string, string>>;
  /** What sentence-transformers takes where the caller names none. */
  defaultPromptName: string | null;
}

/** null where nothing names any. Fault: FILE_UNREADABLE. */
export function readModelPrompts(model: { kind: 'folder' | 'gguf'; path: string }): ModelPrompts | null {
  const path = candidates(model).find((candidate) => existsSync(candidate));
  if (path === undefined) return null;
  const value = readJson(path);
  const prompts = isObject(value) ? (value['prompts'] ?? {}) : null;
  if (!isObject(prompts) || !Object.values(prompts).every((prompt) => typeof prompt === 'string'))
    throw unreadable(path, 'its prompts are not texts by name');
  const name = isObject(value) ? value['default_prompt_name'] : null;
  return {
    path,
    prompts: prompts as Record<string, string>,
    defaultPromptName: typeof name === 'string' ? name : null,
  };
}

/** Puts a folder's prompts beside a file that was converted from it to somewhere else. */
export function carryPrompts(modelFolder: string, file: string): void {
  const source = join(modelFolder, PROMPTS_FILE);
  if (dirname(resolve(file)) === resolve(modelFolder) || !existsSync(source)) return;
  const path = promptsOf(file);
  try {
    copyFileSync(source, path);
  } catch (error) {
    throw new Fault('FILE_UNWRITABLE', { path, problem: (error as Error).message }, { cause: error });
  }
}

function candidates({ kind, path }: { kind: 'folder' | 'gguf'; path: string }): string[] {
  return kind === 'folder'
    ? [join(path, PROMPTS_FILE)]
    : [promptsOf(path), join(dirname(path), PROMPTS_FILE)];
}

/** Beside a .gguf file, where it came from a folder with prompts. */
export const promptsOf = (gguf: string): string => `${gguf.replace(/\.gguf$/, '')}.prompts.json`;

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw unreadable(path, error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message, error);
  }
}

function unreadable(path: string, problem: string, cause?: unknown): Fault {
  return new Fault('FILE_UNREADABLE', { path, problem }, { cause });
}
