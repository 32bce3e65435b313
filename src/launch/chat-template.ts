// Owns where the chat template comes from: --chat-template, else the model. One that is named and cannot be used is an
// error, because whoever wrote it believes that it does something; a model whose own cannot be used is served without.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readModelFile } from '../engine/model-file.ts';
import { Fault } from '../faults.ts';
import { ChatTemplate, type TemplateSource } from '../server/chat-template.ts';

const HINT = 'give a tokenizer_config.json or a .jinja file, or leave the option out: the model has its own';

const TRIAL = {
  messages: [{ role: 'user', content: 'ready' }],
  addGenerationPrompt: false,
  variables: {},
};

/**
 * The template of a file, proven with one message; `name`: which of several, null = the default one.
 * Fault: FILE_UNREADABLE.
 */
export async function openTemplateFile(path: string, name: string | null = null): Promise<ChatTemplate> {
  const text = readText(path);
  const wanted = name ?? DEFAULT_NAME;
  const isConfig = path.endsWith('.json');
  const bare = wanted === DEFAULT_NAME ? { template: text, specialTokens: NO_TOKENS } : null;
  const source = isConfig ? sourceFromConfig(path, parseObject(text), wanted) : bare;
  if (source === null)
    throw new Fault('FILE_UNREADABLE', {
      path,
      problem: `holds no chat_template${called(name)}`,
      hint: HINT,
    });
  const template = new ChatTemplate(source);
  try {
    await template.render(TRIAL);
    return template;
  } catch (error) {
    await template.close();
    const problem = `${(error as Error).message}, tried with one short message`;
    throw new Fault('FILE_UNREADABLE', { path, problem, hint: HINT }, { cause: error });
  }
}

/**
 * The template in a .gguf file; null where it has none or none that works, which `onProblem` is told.
 * Fault: BAD_OPTION where it has none of the name that is given.
 */
export async function openModelTemplate(
  file: string,
  name: string | null,
  onProblem: (problem: string) => void,
): Promise<ChatTemplate | null> {
  const { metadata } = readModelFile(file).header;
  const key = 'tokenizer.chat_template';
  const value = metadata.get(name === null || name === DEFAULT_NAME ? key : `${key}.${name}`);
  if (value?.type !== 'string') {
    if (name === null) return null;
    const problem = `the model has no chat template${called(name)}`;
    throw new Fault('BAD_OPTION', { option: '--hf-chat-template-name', problem, hint: NAME_HINT });
  }
  const template = new ChatTemplate({ template: value.value, specialTokens: NO_TOKENS });
  try {
    await template.render(TRIAL);
    return template;
  } catch (error) {
    await template.close();
    onProblem((error as Error).message);
    return null;
  }
}

const DEFAULT_NAME = 'default';
const NAME_HINT = 'leave it out, or name one of additional_chat_templates or of tokenizer_config.json';

const called = (name: string | null): string => (name === null ? '' : ` called ${JSON.stringify(name)}`);

const NO_TOKENS: TemplateSource['specialTokens'] = { bos_token: '', eos_token: '' };

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = missing
      ? 'no such chat template'
      : `the chat template cannot be read (${String((error as NodeJS.ErrnoException).code)})`;
    throw new Fault('FILE_UNREADABLE', { path, problem, hint: HINT }, { cause: error });
  }
}

function sourceFromConfig(
  path: string,
  config: Record<string, unknown>,
  name: string,
): TemplateSource | null {
  const template = heldTemplate(config['chat_template'], name) ?? readTemplateBeside(path, name);
  if (template === null) return null;
  const token = (name: string): string => {
    const value = config[name];
    const content = typeof value === 'string' ? value : asObject(value)['content'];
    return typeof content === 'string' ? content : '';
  };
  return { template, specialTokens: { bos_token: token('bos_token'), eos_token: token('eos_token') } };
}

// tokenizer_config.json: one template, which is the default one, or several by name.
function heldTemplate(held: unknown, name: string): string | null {
  const template = Array.isArray(held)
    ? held.map(asObject).find((entry) => entry['name'] === name)?.['template']
    : name === DEFAULT_NAME && held;
  return typeof template === 'string' ? template : null;
}

// Newer transformers keep templates in files of their own, beside a tokenizer_config.json that has none.
function readTemplateBeside(path: string, name: string): string | null {
  if (basename(path) !== 'tokenizer_config.json') return null;
  const file =
    name === DEFAULT_NAME ? 'chat_template.jinja' : join('additional_chat_templates', `${name}.jinja`);
  const beside = join(dirname(path), file);
  return existsSync(beside) ? readText(beside) : null;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
