// Owns the rules from an input of the contract to the token ids that are decoded: length, legal ids, and the end token,
// which is always last.
import type { EmbedInput, LongText, ModelFacts } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { type Beginning, tokeniseBeginning } from './beginning.ts';
import { chunkTokens, cutTokens } from './long-text.ts';

export interface InputRules {
  /** Ids of a text, the end token last. */
  tokenise: (text: string) => Int32Array;
  endToken: number;
  model: ModelFacts;
}

/** What is decoded of an input: itself, or its chunks. */
interface ReadInput {
  pieces: Int32Array[];
  isCut: boolean;
}

export class InputReader {
  readonly #rules: InputRules;

  constructor(rules: InputRules) {
    this.#rules = rules;
  }

  /** Token ids with the end token last, within the limit. Faults: INPUT_EMPTY, INPUT_TOO_LONG, INVALID_REQUEST. */
  read(input: EmbedInput, index: number, longText: LongText | null): ReadInput {
    const limit = Math.min(longText?.tokens ?? Infinity, this.#rules.model.contextTokens);
    const { tokens, isWhole } = this.#tokensOf(input, index, needsAll(longText) ? null : limit);
    if (tokens.length <= limit) return { pieces: [tokens], isCut: false };
    if (longText === null)
      throw new Fault('INPUT_TOO_LONG', { index, tokens: tokens.length, limit, isCounted: isWhole });
    return longText.way === 'cut'
      ? { pieces: [cutTokens(tokens, limit, longText.side)], isCut: true }
      : { pieces: chunkTokens(tokens, limit, longText.overlap), isCut: false };
  }

  /** Of a text with a limit perhaps only its beginning, if that has more tokens. */
  #tokensOf(input: EmbedInput, index: number, limit: number | null): Beginning {
    const { tokenise } = this.#rules;
    if (typeof input !== 'string') return { tokens: this.#checkIds(input, index), isWhole: true };
    if (limit === null) return { tokens: tokenise(input), isWhole: true };
    return tokeniseBeginning(input, { limit, tokenise });
  }

  // Clients send ids with or without the end token; without it at the end the vector would be read at the wrong place.
  #checkIds(ids: readonly number[], index: number): Int32Array {
    const { endToken, model } = this.#rules;
    if (ids.length === 0) throw new Fault('INPUT_EMPTY', { index });
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= model.vocabularySize);
    if (wrong !== undefined) {
      const problem = `input ${String(index)} has the token id ${String(wrong)}, ids are 0 to ${String(model.vocabularySize - 1)}`;
      throw new Fault('INVALID_REQUEST', { param: 'input', problem });
    }
    return Int32Array.from(ids.at(-1) === endToken ? ids : [...ids, endToken]);
  }
}

/** What is cut on the left, or is the mean of all its chunks, is needed to its end. */
function needsAll(longText: LongText | null): boolean {
  return longText !== null && (longText.way !== 'cut' || longText.side === 'left');
}
