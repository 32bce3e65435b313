// How a line of these tables is written: `'page-size': integer('tokens per page of the key-value cache')`. The functions
// are named for the kind of value; what else a line may say is in `More`.
import type { Shape } from '../rows.ts';

interface More {
  aliases?: readonly string[];
  secret?: true;
  /** Why it has no effect or is refused, where that differs from the topic's reason. */
  why?: string;
  /** What it asks for is so here anyway: no notice. */
  isAlways?: true;
  /** Of a rejected flag: what to do instead of it. */
  instead?: string;
  /** Of a rejected flag: values that are no trouble, the one that holds here first. */
  unless?: readonly string[];
}

export interface Entry extends More {
  shape: Shape;
  doc: string;
}

type Lines = Readonly<Record<string, Entry>>;

export interface Topic {
  title: string;
  /** Why the flags of this topic have no effect here: part of a sentence. */
  why: string;
  accept?: Lines;
  reject?: Lines;
}

const MOST = Number.MAX_SAFE_INTEGER;

export const flag = (doc: string, more: More = {}): Entry => ({
  shape: { kind: 'switch', default: false },
  doc,
  ...more,
});
export const twin = (doc: string, more: More = {}): Entry => ({
  shape: { kind: 'boolean', default: null },
  doc,
  ...more,
});
export const text = (doc: string, { bare, ...more }: More & { bare?: string } = {}): Entry => ({
  shape: { kind: 'text', value: 'TEXT', ...(bare === undefined ? {} : { bare }), default: null },
  doc,
  ...more,
});
export const integer = (
  doc: string,
  { min = -MOST, max = MOST, ...more }: More & { min?: number; max?: number } = {},
): Entry => ({ shape: { kind: 'integer', min, max, default: null }, doc, ...more });
export const human = (doc: string, more: More = {}): Entry => ({
  shape: { kind: 'human', min: -MOST, max: MOST, default: null },
  doc,
  ...more,
});
export const number = (doc: string, { min = -MOST, ...more }: More & { min?: number } = {}): Entry => ({
  shape: { kind: 'number', min, max: MOST, default: null },
  doc,
  ...more,
});
/** One of several words, separated by blanks. */
export const choice = (words: string, doc: string, more: More = {}): Entry => ({
  shape: { kind: 'choice', choices: words.split(' '), default: null },
  doc,
  ...more,
});
export const list = (
  of: 'text' | 'integer' | 'number',
  doc: string,
  { least = 1, ...more }: More & { least?: 0 | 1 } = {},
): Entry => ({ shape: { kind: 'list', of, least, default: null }, doc, ...more });
export const json = (holds: 'object' | 'list' | 'anything', doc: string, more: More = {}): Entry => ({
  shape: { kind: 'json', holds, default: null },
  doc,
  ...more,
});
