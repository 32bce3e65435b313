// Owns the way from a text to the token ids that Hugging Face's tokenizer gives: added tokens are cut out first, the
// text between them is brought to NFC and split by llama.cpp, and the end token is appended.
// llama.cpp's own parsing of special tokens is not used: it takes "</s>", an ordinary piece of Qwen's vocabulary, for
// a control token, and it knows no NFC.
import { Fault } from '../faults.ts';
import type { Llama, Pointer } from './llama-abi.ts';
import type { ModelFile } from './model-file.ts';

export class Tokenizer {
  readonly #llama: Llama;
  readonly #model: Pointer;
  readonly #vocabulary: Pointer;
  readonly #added: Map<string, number>;
  readonly #addedPattern: RegExp | null;
  readonly #endToken: number;
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
