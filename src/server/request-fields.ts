// What the readers of request bodies share: what counts as absent, how a value is shown in a sentence, how one is refused.
// Pure; knows no field by name.

import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Fault: INVALID_REQUEST for a body that is no JSON object. */
export function readFields(body: unknown): Fields {
  if (isObject(body)) return body;
  throw invalid(null, `the body must be a JSON object, not ${shown(body)}`);
}

export function invalid(param: string | null, problem: string): Fault<'INVALID_REQUEST'> {
  return new Fault('INVALID_REQUEST', { param, problem });
}

/** The value of a field, unless it is absent: undefined for null too. */
export function given(fields: Fields, name: string): unknown {
  return fields[name] ?? undefined;
}

export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

export const isInteger = (value: unknown): value is number => Number.isInteger(value);

const SHOWN_CHARACTERS = 40;

/** What a message shows of a value that may be megabytes. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, SHOWN_CHARACTERS) : value);
  return typeof value === 'string' && value.length > SHOWN_CHARACTERS ? `${text}...` : text;
}
