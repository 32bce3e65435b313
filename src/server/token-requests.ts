// Checks the bodies of POST /tokenize and /detokenize. Pure; null counts as absent, unknown fields are let be.

import type { ModelFacts } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { checkTakesTexts, MAX_INPUTS } from './embeddings-request.ts';
import { given, invalid, isInteger, readFields, shown, type Fields } from './request-fields.ts';
import type { RequestRules } from './request-rules.ts';

export interface TokenizeRequest {
  texts: readonly string[];
  /** Whether the answer is a list; else it is of the one text. */
  isList: boolean;
  special: boolean;
}

export interface DetokenizeRequest {
  idLists: readonly (readonly number[])[];
  isList: boolean;
  special: boolean;
}

/** Faults: INVALID_REQUEST, TOO_MANY_INPUTS. */
export function parseTokenizeRequest(body: unknown, rules: RequestRules): TokenizeRequest {
  checkTakesTexts('prompt', rules);
  const fields = readFields(body);
  const prompt = given(fields, 'prompt');
  const isList = Array.isArray(prompt);
  const texts: readonly unknown[] = isList ? checkCount(prompt) : [prompt];
  const wrong = texts.find((text) => typeof text !== 'string');
  if (wrong !== undefined || prompt === undefined) {
    throw invalid('prompt', `prompt must be a string or an array of strings, not ${shown(wrong)}`);
  }
  return { texts: texts as string[], isList, special: readSwitch(fields, 'add_special_tokens') };
}

/** Faults: INVALID_REQUEST, TOO_MANY_INPUTS. */
export function parseDetokenizeRequest(body: unknown, model: ModelFacts): DetokenizeRequest {
  const fields = readFields(body);
  const tokens = given(fields, 'tokens');
  if (!Array.isArray(tokens))
    throw invalid('tokens', `tokens must be an array of token ids, not ${shown(tokens)}`);
  const isList = Array.isArray(tokens[0]);
  const lists: readonly unknown[] = isList ? checkCount(tokens) : [tokens];
  const idLists = lists.map((ids) => checkIds(ids, model));
  return { idLists, isList, special: !readSwitch(fields, 'skip_special_tokens') };
}

function checkCount(items: readonly unknown[]): readonly unknown[] {
  if (items.length <= MAX_INPUTS) return items;
  throw new Fault('TOO_MANY_INPUTS', { count: items.length, limit: MAX_INPUTS });
}

function checkIds(ids: unknown, { vocabularySize }: ModelFacts): readonly number[] {
  if (!Array.isArray(ids)) throw invalid('tokens', `tokens must hold lists of token ids, not ${shown(ids)}`);
  for (const id of ids as unknown[]) {
    if (isInteger(id) && id >= 0 && id < vocabularySize) continue;
    const range = `0 to ${String(vocabularySize - 1)}`;
    throw invalid('tokens', `a token id is an integer from ${range}, not ${shown(id)}`);
  }
  return ids as number[];
}

/** True unless the field says false. */
function readSwitch(fields: Fields, name: string): boolean {
  const value = given(fields, name) ?? true;
  if (typeof value === 'boolean') return value;
  throw invalid(name, `${name} must be true or false, not ${shown(value)}`);
}
