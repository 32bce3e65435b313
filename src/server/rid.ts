// SGLang's `rid`: what a sender calls its request, and which of them /abort_request ends. Pure.

import { type Fields, given, invalid, readFields, shown } from './request-fields.ts';

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

/** The id to abort; null = all. Fault: INVALID_REQUEST. */
export function parseAbortRequest(body: unknown): string | null {
  const fields = readFields(body);
  const all = given(fields, 'abort_all') ?? false;
  if (typeof all !== 'boolean')
    throw invalid('abort_all', `abort_all must be true or false, not ${shown(all)}`);
  if (all) return null;
  const id = given(fields, 'rid');
  if (typeof id === 'string' && id !== '') return id;
  throw invalid('rid', `rid must be the id of a request, not ${shown(id)}; or set abort_all to true`);
}
