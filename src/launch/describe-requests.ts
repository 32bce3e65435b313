// Owns the block at start that says how requests will be read: what SGLang leaves to be found out by trying. Pure.
import type { ModelFacts } from '../embedder.ts';
import type { ModelPrompts } from '../models/prompts.ts';
import { dimensionsRange } from '../server/embeddings-request.ts';
import type { RequestRules } from '../server/request-rules.ts';

export interface RequestFacts {
  model: ModelFacts;
  modelName: string;
  rules: RequestRules;
  /** What the model's folder says of prompts. */
  modelPrompts: ModelPrompts | null;
  hasChatTemplate: boolean;
}

/** One line of text per subject, under a title. */
export function describeRequests(facts: RequestFacts): string {
  const lines: [string, string][] = [
    ['vectors', describeVectors(facts)],
    ['long texts', describeLongTexts(facts)],
    ...(facts.rules.takesTexts ? describeTexts(facts) : [['input', 'token ids only'] as [string, string]]),
    ['model', `any name will do; answers say ${facts.modelName}`],
  ];
  return ['requests', ...lines.map(([subject, text]) => `  ${subject.padEnd(10)}  ${text}`)].join('\n');
}

const describeTexts = (facts: RequestFacts): [string, string][] => [
  ['prompts', describePrompts(facts)],
  ['messages', facts.hasChatTemplate ? 'by the chat template' : 'refused: there is no chat template'],
];

function describeVectors({ model, rules }: RequestFacts): string {
  const { least, most } = dimensionsRange(model);
  const some = rules.dimensions?.filter((length) => length < most);
  const lengths = some === undefined ? `${String(least)} to ${String(most)}` : [...some, most].join(', ');
  return `${String(most)} numbers, of length 1; dimensions may be ${lengths}; float or base64`;
}

function describeLongTexts({ model, rules: { longText } }: RequestFacts): string {
  const limit = String(Math.min(longText?.tokens ?? Infinity, model.contextTokens));
  return longText === null
    ? `refused beyond ${limit} tokens; "truncate": true or --allow-auto-truncate cuts them`
    : `cut to ${limit} tokens, the end token kept; "truncate": false refuses them`;
}

function describePrompts({ rules, modelPrompts }: RequestFacts): string {
  const { prompts, defaultPromptName } = rules;
  const names = Object.keys(prompts).join(', ');
  const own = modelPrompts?.defaultPromptName ?? null;
  const standard =
    defaultPromptName === null
      ? 'none unless a request says input_type, instruction or prompt_name'
      : `${defaultPromptName} before texts of requests that name none`;
  const unused =
    own === null || own === defaultPromptName
      ? ''
      : `; the model's folder suggests --default-prompt-name ${own}`;
  return `${standard}; known: ${names}${unused}`;
}
