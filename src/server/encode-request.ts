// Turns the body of SGLang's /encode into that of /v1/embeddings, so that one set of rules reads both. Pure.

import { given, invalid, isInteger, readFields, shown, type Fields } from './request-fields.ts';

export interface EncodeBody {
  /** As POST /v1/embeddings takes it. */
  body: Fields;
  /** Whether the answer is a list; else it is of the one input. */
  isList: boolean;
}

/** Fault: INVALID_REQUEST. */
export function translateEncodeBody(value: unknown): EncodeBody {
  const fields = readFields(value);
  const text = given(fields, 'text');
  const ids = given(fields, 'input_ids');
  if ((text === undefined) === (ids === undefined)) {
    throw invalid('text', `either text or input_ids is needed, not ${text === undefined ? 'none' : 'both'}`);
  }
  const texts: readonly unknown[] = Array.isArray(text) ? text : [text];
  const [first] = texts;
  if (text !== undefined && typeof first !== 'string' && first !== undefined) {
    throw invalid('text', `text must be a string or an array of strings, not of ${shown(first)}`);
  }
  if (ids !== undefined && !isIdsOrLists(ids)) {
    throw invalid(
      'input_ids',
      `input_ids must be an array of token ids or of such arrays, not ${shown(ids)}`,
    );
  }
  const isList = Array.isArray(text) || (Array.isArray(ids) && Array.isArray(ids[0]));
  return { body: { ...fields, input: text ?? ids, encoding_format: 'float' }, isList };
}

function isIdsOrLists(ids: unknown): boolean {
  return Array.isArray(ids) && (ids.length === 0 || isInteger(ids[0]) || Array.isArray(ids[0]));
}
