// What this server was launched to do with requests that do not say it themselves, and what they may ask for by name.
// Data for whoever reads a request, in any thread; who decides it is the launcher.

import type { LongText } from '../embedder.ts';
import type { PriorityRules } from './priority-request.ts';
import { renderInstruction } from '../instruction.ts';

export interface RequestRules {
  /** What becomes of an input that is too long; null = it is refused. */
  longText: LongText | null;
  priority: PriorityRules;
  /** Lengths that `dimensions` may ask for beside the whole one; null = any that the family is trained for. */
  dimensions: readonly number[] | null;
  /** Whether texts are taken beside token ids. */
  takesTexts: boolean;
  /** What goes before a text, by the name that `prompt_name` says. Always has `query` and `document`. */
  prompts: Readonly<Record<string, string>>;
  /** Of `prompts`, for texts of requests that name none; null = texts stay bare. */
  defaultPromptName: string | null;
  /** What a chat template sees besides the messages, where a request's `chat_template_kwargs` say nothing else. */
  templateVariables: Readonly<Record<string, unknown>>;
}

/** What the family's models have in their folders. Documents stay bare. */
export const FAMILY_PROMPTS: RequestRules['prompts'] = {
  query: renderInstruction('Given a web search query, retrieve relevant passages that answer the query'),
  document: '',
};

/** A server that was told nothing. */
export const PLAIN_RULES: RequestRules = {
  longText: null,
  priority: { kind: 'ignored' },
  dimensions: null,
  takesTexts: true,
  prompts: FAMILY_PROMPTS,
  defaultPromptName: null,
  templateVariables: {},
};
