// Owns the way from a text to the token ids that Hugging Face's tokenizer gives: added tokens are cut out first, the
// text between them is brought to NFC and split by llama.cpp, and the end token is appended. Long texts go in parts, with
// turns for the process's other work between; what cannot be parted goes to another thread.
// llama.cpp's own parsing of special tokens is not used: it takes "</s>", an ordinary piece of Qwen's vocabulary, for
// a control token, and it knows no NFC.
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { Fault, faultFrom } from '../faults.ts';
import { IdList } from './id-list.ts';
import type { Llama, Pointer } from './llama-abi.ts';
import type { ModelFile } from './model-file.ts';
import { cutSafely, holdsCut } from './safe-cuts.ts';
import { LONGEST_AT_ONCE, SLICE_CHARACTERS } from './turns.ts';
import { splitWords } from './words.ts';

/** Longer words are rarely met again. */
const LONGEST_KEPT_WORD = 32;
/** Some 8 MB. When they are full all go: what is frequent is back at once. */
const KEPT_WORDS = 65_536;

/** Who makes ids of texts. */
export type TextReader = Pick<Tokenizer, 'tokenise' | 'tokeniseInTurns' | 'close'>;

/** Of an engine that takes token ids only. */
export const NO_TOKENIZER: TextReader = {
  tokenise: () => {
    throw takesNoTexts();
  },
  tokeniseInTurns: () => Promise.reject(takesNoTexts()),
  close: () => Promise.resolve(),
};

const takesNoTexts = () =>
  new Fault('INVALID_REQUEST', { param: 'input', problem: 'only token ids are taken' });

export class Tokenizer {
  readonly #llama: Llama;
  readonly #model: Pointer;
  readonly #vocabulary: Pointer;
  readonly #added: Map<string, number>;
  readonly #addedPattern: RegExp | null;
  readonly #endToken: number;
  readonly #mayCut: boolean;
  /** What another thread does, one after the other: the threads are the decodes' too. */
  #elsewhere: Promise<unknown> = Promise.resolve();
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
    this.#mayCut = ![...file.addedTokens.keys()].some(holdsCut);
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

  /** The same ids, in turns with other work of this process; some of them when `isOver` says that nobody wants them. */
  async tokeniseInTurns(text: string, isOver: () => boolean = () => false): Promise<Int32Array> {
    const ids = new IdList();
    let characters = 0;
    for (const piece of this.#piecesOf(text)) {
      const id = this.#added.get(piece);
      if (id !== undefined) ids.add(Int32Array.of(id));
      else if (piece.length > LONGEST_AT_ONCE) ids.add(await this.#mergeElsewhere(piece));
      else ids.add(this.#idsOf(piece));
      characters += piece.length;
      if (characters < SLICE_CHARACTERS) continue;
      characters = 0;
      await yieldToLoop();
      if (isOver()) break;
    }
    ids.add(Int32Array.of(this.#endToken));
    return ids.whole;
  }

  /** Lets what another thread does finish. */
  async close(): Promise<void> {
    await this.#elsewhere;
    this.#llama.freeModel(this.#model);
  }

  *#piecesOf(text: string): Generator<string, void> {
    const parts = this.#mayCut ? cutSafely(text, SLICE_CHARACTERS) : [text];
    for (const part of parts) {
      let start = 0;
      for (const { index, 0: added } of this.#addedPattern === null
        ? []
        : part.matchAll(this.#addedPattern)) {
        yield part.slice(start, index);
        yield added;
        start = index + added.length;
      }
      yield part.slice(start);
    }
  }

  /** A view until the next piece. */
  #idsOf(piece: string): Int32Array {
    const count = this.#tokenisePiece(piece, 0);
    return this.#scratch.subarray(0, count);
  }

  #mergeElsewhere(piece: string): Promise<Int32Array> {
    const merged = this.#elsewhere.then(() => {
      const bytes = Buffer.from(piece.normalize('NFC'));
      const ids = new Int32Array(bytes.length);
      const asked = [this.#vocabulary, bytes, bytes.length, ids, ids.length, false, false] as const;
      const counted = new Promise<number>((resolve, reject) => {
        this.#llama.tokenize.async(...asked, (error: unknown, count: number) => {
          if (error === null) resolve(count);
          else reject(faultFrom(error));
        });
      });
      return counted.then((count) => ids.subarray(0, checkCount(count)));
    });
    this.#elsewhere = merged.catch(() => undefined);
    return merged;
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
    return at + checkCount(count);
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

function checkCount(count: number): number {
  if (count < 0) throw new Fault('ENGINE_FAILED', { problem: 'llama_tokenize wanted more room than bytes' });
  return count;
}

/** Matches the longest added token at the leftmost place, kept by `split` as a piece of its own. Pure. */
export function renderAddedPattern(contents: readonly string[]): RegExp | null {
  if (contents.length === 0) return null;
  const alternatives = [...contents]
    .sort((a, b) => b.length - a.length)
    .map((content) => content.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`(${alternatives.join('|')})`, 'g');
}
