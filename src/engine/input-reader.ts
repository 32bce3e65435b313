// Owns the rules from an input of the contract to the token ids that are decoded: length, legal ids, and the end token,
// which is always last.
import type { EmbedInput, LongText, ModelFacts } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { type Beginning, tokeniseBeginning } from './beginning.ts';
import { cutTokens } from './long-text.ts';
import type { TextReader } from './tokenizer.ts';
import { LONGEST_AT_ONCE } from './turns.ts';

export interface InputRules {
  tokenizer: Pick<TextReader, 'tokenise' | 'tokeniseInTurns'>;
  endToken: number;
  model: ModelFacts;
}

/** An input of a call, and what becomes of it where it is long. */
interface Place {
  index: number;
  longText: LongText | null;
}

/** What is decoded of an input: itself, or its chunks. */
interface ReadInput {
  tokens: Int32Array;
  isCut: boolean;
  /** null = it goes in one. */
  chunks: { tokens: number; overlap: number } | null;
}

/** Whether reading it at once would hold up the process. */
export const isLong = (input: EmbedInput): input is string =>
  typeof input === 'string' && input.length > LONGEST_AT_ONCE;

export class InputReader {
  readonly #rules: InputRules;

  constructor(rules: InputRules) {
    this.#rules = rules;
  }

  /** Token ids with the end token last, within the limit. Faults: INPUT_EMPTY, INPUT_TOO_LONG, INVALID_REQUEST. */
  read(input: EmbedInput, place: Place): ReadInput {
    const { tokenizer } = this.#rules;
    const tokens = typeof input === 'string' ? tokenizer.tokenise(input) : this.#checkIds(input, place.index);
    return this.#settle({ tokens, isWhole: true }, place);
  }

  /** The same of a long text, with turns for other work; of no use where `isOver` has said that nobody wants it. */
  async readInTurns(text: string, place: Place, isOver: () => boolean): Promise<ReadInput> {
    const tokenise = (part: string) => this.#rules.tokenizer.tokeniseInTurns(part, isOver);
    if (needsAll(place.longText)) return this.#settle({ tokens: await tokenise(text), isWhole: true }, place);
    return this.#settle(await tokeniseBeginning(text, { limit: this.#limitOf(place), tokenise }), place);
  }

  #limitOf({ longText }: Place): number {
    return Math.min(longText?.tokens ?? Infinity, this.#rules.model.contextTokens);
  }

  #settle({ tokens, isWhole }: Beginning, place: Place): ReadInput {
    const { index, longText } = place;
    const limit = this.#limitOf(place);
    if (tokens.length <= limit) return { tokens, isCut: false, chunks: null };
    if (longText === null)
      throw new Fault('INPUT_TOO_LONG', { index, tokens: tokens.length, limit, isCounted: isWhole });
    return longText.way === 'cut'
      ? { tokens: cutTokens(tokens, limit, longText.side), isCut: true, chunks: null }
      : { tokens, isCut: false, chunks: { tokens: limit, overlap: longText.overlap } };
  }

  // Clients send ids with or without the end token; without it at the end the vector would be read at the wrong place.
  #checkIds(ids: readonly number[] | Int32Array, index: number): Int32Array {
    const { endToken, model } = this.#rules;
    if (ids.length === 0) throw new Fault('INPUT_EMPTY', { index });
    const isEnded = ids.at(-1) === endToken;
    const tokens = new Int32Array(isEnded ? ids.length : ids.length + 1).fill(endToken, -1);
    // There may be millions: find() and a copy with one more would take three times as long.
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] as number;
      if (!Number.isInteger(id) || id < 0 || id >= model.vocabularySize) {
        const problem = `input ${String(index)} has the token id ${String(id)}, ids are 0 to ${String(model.vocabularySize - 1)}`;
        throw new Fault('INVALID_REQUEST', { param: 'input', problem });
      }
      tokens[at] = id;
    }
    return tokens;
  }
}

/** What is cut on the left, or is the mean of all its chunks, is needed to its end. */
function needsAll(longText: LongText | null): boolean {
  return longText !== null && (longText.way !== 'cut' || longText.side === 'left');
}
