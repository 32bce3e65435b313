// Owns where the chat template comes from: --chat-template, else the model. One that is named and cannot be used is an
// error, because whoever wrote it believes that it does something; a model whose own cannot be used is served without.
import { readFileSync } from 'node:fs';
import { readModelFile } from '../engine/model-file.ts';
import { Fault } from '../faults.ts';
import { ChatTemplate, type TemplateSource } from '../server/chat-template.ts';

const HINT = 'give a tokenizer_config.json or a .jinja file, or leave the option out: the model has its own';

const TRIAL = {
  messages: [{ role: 'user', content: 'ready' }],
  addGenerationPrompt: false,
  variables: {},
};

/** The template of a file, proven with one message. Fault: FILE_UNREADABLE. */
export async function openTemplateFile(path: string): Promise<ChatTemplate> {
  const text = readText(path);
  const source = path.endsWith('.json')
    ? sourceFromConfig(text)
    : { template: text, specialTokens: NO_TOKENS };
  if (source === null)
    throw new Fault('FILE_UNREADABLE', { path, problem: 'holds no chat_template', hint: HINT });
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

/** The template in a .gguf file; null where it has none or none that works, which `onProblem` is told. */
export async function openModelTemplate(
  file: string,
  onProblem: (problem: string) => void,
): Promise<ChatTemplate | null> {
  const value = readModelFile(file).header.metadata.get('tokenizer.chat_template');
  if (value?.type !== 'string') return null;
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

// tokenizer_config.json: one template, or several by name, of which `default` is meant.
function sourceFromConfig(text: string): TemplateSource | null {
  const config = parseObject(text);
  const held: unknown = config['chat_template'];
  const template = Array.isArray(held)
    ? held.map(asObject).find(({ name }) => name === 'default')?.['template']
    : held;
  if (typeof template !== 'string') return null;
  const token = (name: string): string => {
    const value = config[name];
    const content = typeof value === 'string' ? value : asObject(value)['content'];
    return typeof content === 'string' ? content : '';
  };
  return { template, specialTokens: { bos_token: token('bos_token'), eos_token: token('eos_token') } };
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
