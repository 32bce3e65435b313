// Reads SGLang's `priority` of a request and turns it into what an embedder obeys: the higher, the earlier. Pure.

import { type Fields, given, invalid, isInteger, shown } from './request-fields.ts';

/** What the server was launched to do with priorities. */
export type PriorityRules =
  /** `default`: of requests that name none; null = they come after all others. */
  { kind: 'obeyed'; lowFirst: boolean; default: number | null } | { kind: 'ignored' } | { kind: 'refused' };

export const MOST_PRIORITY = 2 ** 31 - 2;
/** Below every priority that a request can name. */
const LOWEST = -MOST_PRIORITY - 1;

/** Fault: INVALID_REQUEST. */
export function parsePriority(fields: Fields, rules: PriorityRules): number {
  const named = given(fields, 'priority');
  if (named !== undefined && !(isInteger(named) && Math.abs(named) <= MOST_PRIORITY))
    throw invalid('priority', `priority must be an integer of 32 bits, not ${shown(named)}`);
  if (rules.kind === 'ignored') return 0;
  if (rules.kind === 'refused') {
    if (named === undefined) return 0;
    throw invalid('priority', 'this server obeys no priority: it runs without --enable-priority-scheduling');
  }
  const priority = named ?? rules.default;
  if (priority === null) return LOWEST;
  return rules.lowFirst ? -priority : priority;
}
