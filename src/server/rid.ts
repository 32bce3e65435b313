// Reads what a sender calls its request, so that /abort_request can find it: SGLang's `rid`. Pure.

import { type Fields, given, invalid, shown } from './request-fields.ts';

/** One id for the request, or one for each of its `count` inputs. Fault: INVALID_REQUEST. */
export function parseRids(fields: Fields, count: number): readonly string[] {
  const rid = given(fields, 'rid');
  if (rid === undefined) return [];
  if (typeof rid === 'string') return [rid];
  if (!Array.isArray(rid))
    throw invalid('rid', `rid must be a string or an array of strings, not ${shown(rid)}`);
  const ids: readonly unknown[] = rid;
  if (!ids.every((id) => typeof id === 'string')) throw invalid('rid', 'rid must hold strings only');
  if (ids.length !== count) {
    throw invalid('rid', `rid has ${String(ids.length)} ids for ${String(count)} inputs`);
  }
  if (new Set(ids).size < ids.length) throw invalid('rid', 'rid has the same id twice');
  return ids;
}
