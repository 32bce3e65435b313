// Checks the body of POST /abort_request. Pure.

import { given, invalid, shown, type Fields } from './request-fields.ts';

/** The id to abort; null = all. Fault: INVALID_REQUEST. */
export function parseAbortRequest(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid(null, `the body must be a JSON object, not ${shown(body)}`);
  }
  const fields = body as Fields;
  const all = given(fields, 'abort_all') ?? false;
  if (typeof all !== 'boolean')
    throw invalid('abort_all', `abort_all must be true or false, not ${shown(all)}`);
  if (all) return null;
  const id = given(fields, 'rid');
  if (typeof id === 'string' && id !== '') return id;
  throw invalid('rid', `rid must be the id of a request, not ${shown(id)}; or set abort_all to true`);
}
