// Owns the rules from an input of the contract to the token ids that are decoded: length, legal ids, and the end token,
// which is always last.
import type { EmbedInput, LongText, ModelFacts } from '../embedder.ts';
import { Fault } from '../faults.ts';
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
    const { tokenise, model } = this.#rules;
    const tokens = typeof input === 'string' ? tokenise(input) : this.#checkIds(input, index);
    const limit = Math.min(longText?.tokens ?? Infinity, model.contextTokens);
    if (tokens.length <= limit) return { pieces: [tokens], isCut: false };
    if (longText === null) throw new Fault('INPUT_TOO_LONG', { index, tokens: tokens.length, limit });
    return longText.way === 'cut'
      ? { pieces: [cutTokens(tokens, limit, longText.side)], isCut: true }
      : { pieces: chunkTokens(tokens, limit, longText.overlap), isCut: false };
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
