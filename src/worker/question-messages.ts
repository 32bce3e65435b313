// What the pool asks of a worker beside vectors, as JSON: POST /tokenise and /detokenise with texts and token ids, POST
// /forget with nothing. Pure, and as distrustful as protocol.ts: anything else is the fault WIRE_MALFORMED.
import type { TokenOptions } from '../embedder.ts';
import { isObject } from '../json-object.ts';
import { malformed, parseJson } from './distrust.ts';

export const TOKENISE_PATH = '/tokenise';
export const DETOKENISE_PATH = '/detokenise';
export const FORGET_PATH = '/forget';

export interface TokeniseRequest extends TokenOptions {
  texts: readonly string[];
}

export interface DetokeniseRequest extends TokenOptions {
  idLists: readonly (readonly number[])[];
}

export function decodeTokeniseRequest(body: string): TokeniseRequest {
  const { value, special } = readRequest(body);
  return { texts: readTexts(value['texts']), special };
}

export function decodeDetokeniseRequest(body: string): DetokeniseRequest {
  const { value, special } = readRequest(body);
  return { idLists: readIdLists(value['idLists']), special };
}

/** `count`: how many were asked for. */
export function decodeTexts(body: string, count: number): string[] {
  return checkCount(readTexts(parseJson(body)), count);
}

export function decodeIdLists(body: string, count: number): number[][] {
  return checkCount(readIdLists(parseJson(body)), count);
}

function readRequest(body: string): { value: Record<string, unknown>; special: boolean } {
  const value = parseJson(body);
  if (!isObject(value)) throw malformed('a request is no object');
  const { special } = value;
  if (typeof special !== 'boolean') throw malformed(`special is ${JSON.stringify(special)}`);
  return { value, special };
}

function readTexts(value: unknown): string[] {
  if (isArrayOf(value, isString)) return value;
  throw malformed('texts are not strings');
}

function readIdLists(value: unknown): number[][] {
  if (isArrayOf(value, isIdList)) return value;
  throw malformed('token ids are not lists of whole numbers');
}

function isArrayOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.every(isItem);
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isId = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isIdList = (value: unknown): value is number[] => isArrayOf(value, isId);

function checkCount<Item>(items: Item[], wanted: number): Item[] {
  if (items.length === wanted) return items;
  throw malformed(`${String(items.length)} answers for ${String(wanted)} questions`);
}
