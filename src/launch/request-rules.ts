// Owns what the server does with requests that do not say it themselves, decided from settings and what the model's
// folder names. Pure.
import type { Settings } from '../config/options.ts';
import { Fault } from '../faults.ts';
import { obeysPriorities } from './load-limits.ts';
import { readModelOverrides } from './model-overrides.ts';
import type { ModelPrompts } from '../models/prompts.ts';
import type { PriorityRules } from '../server/priority-request.ts';
import { FAMILY_PROMPTS, type RequestRules } from '../server/request-rules.ts';

type RuleSettings = Pick<
  Settings<'launch'>,
  | 'maxBatchedTokens'
  | 'allowAutoTruncate'
  | 'defaultPromptName'
  | 'skipTokenizer'
  | 'modelOverrides'
  | 'obeysPriority'
  | 'lowPriorityFirst'
  | 'defaultPriority'
  | 'refusesPriority'
  | 'schedulePolicy'
  | 'chatTemplateVariables'
>;

/** Fault: BAD_OPTION for a prompt that the model does not have, or an override that it cannot have. */
export function planRequestRules(settings: RuleSettings, model: ModelPrompts | null): RequestRules {
  const { maxBatchedTokens, allowAutoTruncate, defaultPromptName } = settings;
  const prompts = { ...FAMILY_PROMPTS, ...model?.prompts };
  if (defaultPromptName !== null && !Object.hasOwn(prompts, defaultPromptName))
    throw new Fault('BAD_OPTION', {
      option: '--default-prompt-name',
      problem: `${JSON.stringify(defaultPromptName)} is no prompt of this model`,
      hint: `its prompts are ${Object.keys(prompts).join(', ')}`,
    });
  const cuts = maxBatchedTokens !== null || allowAutoTruncate;
  return {
    dimensions: readModelOverrides(settings.modelOverrides).dimensions,
    takesTexts: !settings.skipTokenizer,
    longText: cuts ? { way: 'cut', tokens: maxBatchedTokens, side: 'right' } : null,
    priority: planPriority(settings),
    prompts,
    defaultPromptName,
    templateVariables: (settings.chatTemplateVariables ?? {}) as RequestRules['templateVariables'],
  };
}

function planPriority(settings: RuleSettings): PriorityRules {
  const { lowPriorityFirst: lowFirst, defaultPriority, refusesPriority } = settings;
  if (obeysPriorities(settings)) return { kind: 'obeyed', lowFirst, default: defaultPriority };
  const idle = lowFirst ? '--schedule-low-priority-values-first' : '--default-priority-value';
  if (lowFirst || defaultPriority !== null)
    throw new Fault('BAD_OPTION', {
      option: idle,
      problem: 'priorities are not obeyed',
      hint: 'add --enable-priority-scheduling',
    });
  return { kind: refusesPriority ? 'refused' : 'ignored' };
}
