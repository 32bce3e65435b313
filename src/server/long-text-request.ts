// Reads from a request what is to become of inputs that are too long: `truncate` and its companions as TEI, vLLM, Ollama
// and Cohere spell them, and `long_text`. Pure; contradictions are refused, never resolved.

import type { LongText, ModelFacts } from '../embedder.ts';
import { type Fields, given, invalid, isInteger, shown } from './request-fields.ts';
import type { RequestRules } from './request-rules.ts';

type Side = 'left' | 'right';

/** The end token and something to read it after. */
export const MIN_TRUNCATED_TOKENS = 2;

/** Smaller chunks would make a long text thousands of texts. */
export const MIN_CHUNK_TOKENS = 32;

/** null = refused. Faults: INVALID_REQUEST. */
export function parseLongText(fields: Fields, model: ModelFacts, rules: RequestRules): LongText | null {
  const truncation = parseTruncation(fields);
  const { longText: launched } = rules;
  if (parseMean(fields)) {
    if (truncation.wanted === true)
      throw invalid('long_text', 'long_text "mean" and truncation exclude each other: leave one out');
    const most = model.contextTokens;
    return parseChunks(fields, { most, standard: Math.min(launched?.tokens ?? most, most) });
  }
  if (truncation.wanted === false) return null;
  if (truncation.wanted === undefined && launched === null) return null;
  const limits = [truncation.tokens, launched?.tokens].filter((tokens) => typeof tokens === 'number');
  const tokens = limits.length === 0 ? null : Math.min(...limits);
  return { way: 'cut', tokens, side: truncation.side ?? 'right' };
}

interface Truncation {
  /** undefined = as the server was launched. */
  wanted: boolean | undefined;
  side: Side | undefined;
  tokens: number | undefined;
}

// TEI and Ollama: true or false. Cohere: the side that goes, or NONE.
const TRUNCATE_WORDS: Readonly<Record<string, { wanted: boolean; side?: Side }>> = {
  none: { wanted: false },
  start: { wanted: true, side: 'left' },
  end: { wanted: true, side: 'right' },
};

function parseTruncation(fields: Fields): Truncation {
  const word = parseTruncate(given(fields, 'truncate'));
  const tokens = parseTruncatedTokens(given(fields, 'truncate_prompt_tokens'));
  if (word?.wanted === false && tokens !== undefined)
    throw invalid('truncate', 'truncate says no and truncate_prompt_tokens says to how many: leave one out');
  const sides = [
    word?.side,
    ...['truncation_side', 'truncation_direction'].map((name) => parseSide(fields, name)),
  ];
  const [side, other] = new Set(sides.filter((named) => named !== undefined));
  if (other !== undefined)
    throw invalid('truncate', 'truncate, truncation_side and truncation_direction name different sides');
  return {
    wanted: word?.wanted ?? (tokens === undefined ? undefined : true),
    side,
    tokens: tokens === -1 ? undefined : tokens,
  };
}

function parseTruncate(value: unknown): { wanted: boolean; side?: Side } | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'boolean') return { wanted: value };
  const word = typeof value === 'string' ? TRUNCATE_WORDS[value.toLowerCase()] : undefined;
  if (word !== undefined) return word;
  throw invalid('truncate', `truncate must be true, false, "NONE", "START" or "END", not ${shown(value)}`);
}

// vLLM's word; -1 means as many as the model takes.
function parseTruncatedTokens(value: unknown): number | undefined {
  if (value === undefined || (isInteger(value) && (value === -1 || value >= MIN_TRUNCATED_TOKENS)))
    return value;
  const least = String(MIN_TRUNCATED_TOKENS);
  const problem = `truncate_prompt_tokens must be -1 or an integer of ${least} at least, not ${shown(value)}`;
  throw invalid('truncate_prompt_tokens', problem);
}

function parseSide(fields: Fields, name: string): Side | undefined {
  const value = given(fields, name);
  if (value === undefined) return undefined;
  const side = typeof value === 'string' ? value.toLowerCase() : null;
  if (side === 'left' || side === 'right') return side;
  throw invalid(name, `${name} must be "left" or "right", not ${shown(value)}`);
}

function parseMean(fields: Fields): boolean {
  const value = given(fields, 'long_text');
  if (value === 'mean') return true;
  if (value !== undefined) throw invalid('long_text', `long_text must be "mean", not ${shown(value)}`);
  for (const name of ['chunk_tokens', 'chunk_overlap'])
    if (given(fields, name) !== undefined) throw invalid(name, `${name} needs "long_text": "mean"`);
  return false;
}

function parseChunks(fields: Fields, { most, standard }: { most: number; standard: number }): LongText {
  const least = Math.min(MIN_CHUNK_TOKENS, most);
  const tokens = parseRange(fields, 'chunk_tokens', [least, most]) ?? standard;
  const overlap = parseRange(fields, 'chunk_overlap', [0, Math.floor(tokens / 2)]) ?? 0;
  return { way: 'mean', tokens, overlap };
}

function parseRange(fields: Fields, name: string, [least, most]: [number, number]): number | undefined {
  const value = given(fields, name);
  if (value === undefined || (isInteger(value) && value >= least && value <= most)) return value;
  const range = `${String(least)} to ${String(most)}`;
  throw invalid(name, `${name} must be an integer from ${range}, not ${shown(value)}`);
}
