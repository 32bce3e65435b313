// Reads `messages`, the other way to say what is embedded: a conversation that the model's chat template makes a text of.
// Pure; the template is rendered elsewhere.

import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';
import { type Fields, given, invalid, shown } from './request-fields.ts';

export interface Conversation {
  /** Each with a role and a content of text; other fields are the template's to read. */
  messages: readonly Fields[];
  /** Whether the text ends with the opening of an answer. */
  addGenerationPrompt: boolean;
  /** What the template sees besides, by name. */
  variables: Fields;
}

/** null where the request has none; `defaults`: variables that it may overrule. Faults: INVALID_REQUEST, INPUT_EMPTY. */
export function parseConversation(fields: Fields, defaults: Fields = {}): Conversation | null {
  const messages = given(fields, 'messages');
  if (messages === undefined) return null;
  if (given(fields, 'input') !== undefined)
    throw invalid('messages', 'input and messages both say what is embedded: leave one out');
  if (!Array.isArray(messages))
    throw invalid('messages', `messages must be an array, not ${shown(messages)}`);
  if (messages.length === 0) throw new Fault('INPUT_EMPTY', { index: null });
  return {
    messages: messages.map(parseMessage),
    addGenerationPrompt: parseSwitch(fields, 'add_generation_prompt'),
    variables: { ...defaults, ...parseVariables(fields) },
  };
}

function parseMessage(value: unknown, index: number): Fields {
  const place = `messages[${String(index)}]`;
  if (!isObject(value)) throw invalid('messages', `${place} must be an object, not ${shown(value)}`);
  const { role, content } = value;
  if (typeof role !== 'string')
    throw invalid('messages', `${place}.role must be a string, not ${shown(role)}`);
  return { ...value, content: parseContent(content, `${place}.content`) };
}

// vLLM, too, puts the parts of a text on lines of their own.
function parseContent(content: unknown, place: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content))
    throw invalid('messages', `${place} must be a string or an array of parts, not ${shown(content)}`);
  const parts = content.map((part: unknown, index) => {
    if (isObject(part) && part['type'] === 'text' && typeof part['text'] === 'string') return part['text'];
    const kind = isObject(part) ? shown(part['type']) : shown(part);
    throw invalid('messages', `${place}[${String(index)}] must be a part of type "text", not ${kind}`);
  });
  return parts.join('\n');
}

function parseSwitch(fields: Fields, name: string): boolean {
  const value = given(fields, name) ?? false;
  if (typeof value === 'boolean') return value;
  throw invalid(name, `${name} must be true or false, not ${shown(value)}`);
}

function parseVariables(fields: Fields): Fields {
  const value = given(fields, 'chat_template_kwargs') ?? {};
  if (isObject(value)) return value;
  throw invalid('chat_template_kwargs', `chat_template_kwargs must be an object, not ${shown(value)}`);
}
