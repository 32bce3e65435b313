// Reads from a request what goes before its texts: `instruction`, `prompt_name` or `input_type`, of which one is enough.
// Pure; a name that is not known is refused with those that are.

import { type Fields, given, invalid, shown } from './request-fields.ts';
import { renderInstruction } from '../instruction.ts';
import type { RequestRules } from './request-rules.ts';

export interface WantedPrompt {
  /** Empty = texts stay bare. */
  text: string;
  /** The field that asked for it; null = nobody did. */
  field: 'instruction' | 'prompt_name' | 'input_type' | null;
}

/** OpenAI-shaped clients for Voyage say query and document, those for Cohere search_query and search_document. */
export const INPUT_TYPES: Readonly<Record<string, 'query' | 'document'>> = {
  query: 'query',
  document: 'document',
  search_query: 'query',
  search_document: 'document',
};

/** Faults: INVALID_REQUEST. */
export function parsePrompt(fields: Fields, { prompts, defaultPromptName }: RequestRules): WantedPrompt {
  const type = parseInputType(given(fields, 'input_type'));
  const name = parseName(given(fields, 'prompt_name'), prompts);
  const instruction = parseInstruction(given(fields, 'instruction'));
  if (name !== undefined && (instruction !== undefined || type !== undefined)) {
    const other = instruction === undefined ? 'input_type' : 'instruction';
    throw invalid(
      'prompt_name',
      `prompt_name and ${other} both say what goes before the text: leave one out`,
    );
  }
  if (instruction !== undefined) {
    if (type === 'document')
      throw invalid('instruction', 'documents take no instruction: leave out instruction or input_type');
    return { text: renderInstruction(instruction), field: 'instruction' };
  }
  if (name !== undefined) return { text: prompts[name] ?? '', field: 'prompt_name' };
  if (type !== undefined) return { text: prompts[type] ?? '', field: 'input_type' };
  return { text: defaultPromptName === null ? '' : (prompts[defaultPromptName] ?? ''), field: null };
}

function parseInputType(value: unknown): 'query' | 'document' | undefined {
  if (value === undefined) return undefined;
  const known = Object.keys(INPUT_TYPES);
  if (typeof value === 'string' && known.includes(value)) return INPUT_TYPES[value];
  throw invalid('input_type', `input_type must be one of ${known.join(', ')}, not ${shown(value)}`);
}

function parseName(value: unknown, prompts: RequestRules['prompts']): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && Object.hasOwn(prompts, value)) return value;
  const known = Object.keys(prompts).join(', ');
  throw invalid('prompt_name', `prompt_name must be one of the model's, ${known}, not ${shown(value)}`);
}

function parseInstruction(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.trim() !== '')) return value;
  throw invalid('instruction', `instruction must be a text that says the task, not ${shown(value)}`);
}
