// Owns what the server does with requests that do not say it themselves, decided from settings. Pure.
import type { Settings } from '../config/options.ts';
import type { RequestRules } from '../server/request-rules.ts';

type RuleSettings = Pick<Settings<'launch'>, 'maxBatchedTokens' | 'allowAutoTruncate'>;

export function planRequestRules({ maxBatchedTokens, allowAutoTruncate }: RuleSettings): RequestRules {
  const cuts = maxBatchedTokens !== null || allowAutoTruncate;
  return { longText: cuts ? { way: 'cut', tokens: maxBatchedTokens, side: 'right' } : null };
}
