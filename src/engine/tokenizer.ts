// Owns the way from a text to the token ids that Hugging Face's tokenizer gives: added tokens are cut out first, the
// text between them is brought to NFC and split by llama.cpp, and the end token is appended.
// llama.cpp's own parsing of special tokens is not used: it takes "</s>", an ordinary piece of Qwen's vocabulary, for
// a control token, and it knows no NFC.
import { Fault } from '../faults.ts';
import type { Llama, Pointer } from './llama-abi.ts';
import type { ModelFile } from './model-file.ts';
import { splitWords } from './words.ts';

/** Longer words are rarely met again. */
const LONGEST_KEPT_WORD = 32;
/** Some 8 MB. When they are full all go: what is frequent is back at once. */
const KEPT_WORDS = 65_536;

/** Who makes ids of texts. */
export type TextReader = Pick<Tokenizer, 'tokenise' | 'close'>;

/** Of an engine that takes token ids only. */
export const NO_TOKENIZER: TextReader = {
  tokenise: () => {
    throw new Fault('INVALID_REQUEST', { param: 'input', problem: 'only token ids are taken' });
  },
  close: () => undefined,
};

export class Tokenizer {
  readonly #llama: Llama;
  readonly #model: Pointer;
  readonly #vocabulary: Pointer;
  readonly #added: Map<string, number>;
  readonly #addedPattern: RegExp | null;
  readonly #endToken: number;
  /** Token ids of words met before: merging a word costs many times what finding it costs. */
  readonly #words = new Map<string, Int32Array>();
  #scratch = new Int32Array(4096);

  /** Loads the vocabulary alone. Faults: ENGINE_FAILED. */
  constructor(llama: Llama, file: ModelFile) {
    const model = llama.loadModel(file.path, llama.modelParams({ vocab_only: true, n_gpu_layers: 0 }));
    if (model === null) throw new Fault('ENGINE_FAILED', { problem: 'the vocabulary could not be loaded' });
    this.#llama = llama;
    this.#model = model;
    this.#vocabulary = llama.getVocabulary(model);
    this.#added = file.addedTokens;
    this.#addedPattern = renderAddedPattern([...file.addedTokens.keys()]);
    this.#endToken = file.endToken;
  }

  /** Ids of the whole text, the end token last. Lone surrogates count as U+FFFD. */
  tokenise(text: string): Int32Array {
    let count = 0;
    for (const piece of this.#split(text)) {
      const id = this.#added.get(piece);
      if (id === undefined) count = this.#tokenisePiece(piece, count);
      else this.#reserve(count + 1)[count++] = id;
    }
    const ids = new Int32Array(count + 1);
    ids.set(this.#scratch.subarray(0, count));
    ids[count] = this.#endToken;
    return ids;
  }

  close(): void {
    this.#llama.freeModel(this.#model);
  }

  #split(text: string): string[] {
    return this.#addedPattern === null ? [text] : text.split(this.#addedPattern);
  }

  #tokenisePiece(piece: string, at: number): number {
    if (piece === '') return at;
    const words = splitWords(piece);
    if (words === null) return this.#merge(piece, at);
    let count = at;
    for (const word of words) count = this.#tokeniseWord(word, count);
    return count;
  }

  #tokeniseWord(word: string, at: number): number {
    const known = this.#words.get(word);
    if (known !== undefined) {
      const end = at + known.length;
      const scratch = this.#reserve(end);
      for (let i = 0; i < known.length; i++) scratch[at + i] = known[i] ?? 0;
      return end;
    }
    const end = this.#merge(word, at);
    if (word.length > LONGEST_KEPT_WORD) return end;
    if (this.#words.size >= KEPT_WORDS) this.#words.clear();
    this.#words.set(word, this.#scratch.slice(at, end));
    return end;
  }

  #merge(piece: string, at: number): number {
    const bytes = Buffer.from(piece.normalize('NFC'));
    // A token is at least one byte, so this much room is always enough.
    const room = this.#reserve(at + bytes.length).subarray(at);
    const count = this.#llama.tokenize(
      this.#vocabulary,
      bytes,
      bytes.length,
      room,
      room.length,
      false,
      false,
    );
    if (count < 0)
      throw new Fault('ENGINE_FAILED', { problem: 'llama_tokenize wanted more room than bytes' });
    return at + count;
  }

  #reserve(length: number): Int32Array {
    if (length > this.#scratch.length) {
      const grown = new Int32Array(Math.max(length, 2 * this.#scratch.length));
      grown.set(this.#scratch);
      this.#scratch = grown;
    }
    return this.#scratch;
  }
}

/** Matches the longest added token at the leftmost place, kept by `split` as a piece of its own. Pure. */
export function renderAddedPattern(contents: readonly string[]): RegExp | null {
  if (contents.length === 0) return null;
  const alternatives = [...contents]
    .sort((a, b) => b.length - a.length)
    .map((content) => content.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`(${alternatives.join('|')})`);
}
