// Owns the way from a text to the token ids that Hugging Face's tokenizer gives: added tokens are cut out first, the
// text between them is brought to NFC and split by llama.cpp, and the end token is appended. Long texts go in parts, with
// turns for the process's other work between; what cannot be parted goes to another thread.
// llama.cpp's own parsing of special tokens is not used: it takes "</s>", an ordinary piece of Qwen's vocabulary, for
// a control token, and it knows no NFC.
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { Fault, faultFrom } from '../faults.ts';
import { AddedTokens, type Piece } from './added-tokens.ts';
import { IdList } from './id-list.ts';
import type { Llama, Pointer } from './llama-abi.ts';
import type { ModelFile } from './model-file.ts';
import { cutSafely } from './safe-cuts.ts';
import { LONGEST_AT_ONCE, SLICE_CHARACTERS } from './turns.ts';
import { splitWords } from './words.ts';

/** Longer words are rarely met again. */
const LONGEST_KEPT_WORD = 32;
/** Some 8 MB. When they are full all go: what is frequent is back at once. */
const KEPT_WORDS = 65_536;

/** What finding an added token counts as. */
const TOKEN_CHARACTERS = 4;

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
  readonly #added: AddedTokens;
  readonly #endToken: number;
  /** What another thread does, one after the other: the threads are the decodes' too. */
  #elsewhere: Promise<unknown> = Promise.resolve();
  /** Token ids of words met before: merging a word costs many times what finding it costs. */
  readonly #words = new Map<string, Int32Array>();
  /** Of the text that is read at once. */
  readonly #ids = new IdList();

  /** Loads the vocabulary alone. Faults: ENGINE_FAILED. */
  constructor(llama: Llama, file: ModelFile) {
    const model = llama.loadModel(file.path, llama.modelParams({ vocab_only: true, n_gpu_layers: 0 }));
    if (model === null) throw new Fault('ENGINE_FAILED', { problem: 'the vocabulary could not be loaded' });
    this.#llama = llama;
    this.#model = model;
    this.#vocabulary = llama.getVocabulary(model);
    this.#added = new AddedTokens(file.addedTokens, file.normalisedTokens);
    this.#endToken = file.endToken;
  }

  /** Ids of the whole text, the end token last. Lone surrogates count as U+FFFD. */
  tokenise(text: string): Int32Array {
    const ids = this.#ids;
    ids.clear();
    for (const piece of this.#added.split(text)) this.#addPiece(piece, ids);
    ids.add(this.#endToken);
    return ids.slice();
  }

  /** The same ids, in turns with other work of this process; some of them when `isOver` says that nobody wants them. */
  async tokeniseInTurns(text: string, isOver: () => boolean = () => false): Promise<Int32Array> {
    const ids = new IdList();
    let characters = 0;
    for (const piece of this.#piecesOf(text)) {
      if (typeof piece === 'string' && piece.length > LONGEST_AT_ONCE)
        ids.addAll(await this.#mergeElsewhere(piece));
      else this.#addPiece(piece, ids);
      characters += typeof piece === 'string' ? piece.length : TOKEN_CHARACTERS;
      if (characters < SLICE_CHARACTERS) continue;
      characters = 0;
      await yieldToLoop();
      if (isOver()) break;
    }
    ids.add(this.#endToken);
    return ids.slice();
  }

  /** Lets what another thread does finish. */
  async close(): Promise<void> {
    await this.#elsewhere;
    this.#llama.freeModel(this.#model);
  }

  *#piecesOf(text: string): Generator<Piece, void> {
    const parts = this.#added.mayCut ? cutSafely(text, SLICE_CHARACTERS) : [text];
    for (const part of parts) yield* this.#added.split(part);
  }

  #mergeElsewhere(piece: string): Promise<Int32Array> {
    const merged = this.#elsewhere.then(() => {
      const bytes = Buffer.from(compose(piece));
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

  #addPiece(piece: Piece, ids: IdList): void {
    if (typeof piece === 'number') ids.add(piece);
    else if (piece !== '') this.#addText(piece, ids);
  }

  #addText(text: string, ids: IdList): void {
    const words = splitWords(text);
    if (words === null) this.#merge(text, ids);
    else for (const word of words) this.#addWord(word, ids);
  }

  #addWord(word: string, ids: IdList): void {
    const known = this.#words.get(word);
    if (known !== undefined) {
      ids.addAll(known);
      return;
    }
    const start = ids.length;
    this.#merge(word, ids);
    if (word.length > LONGEST_KEPT_WORD) return;
    if (this.#words.size >= KEPT_WORDS) this.#words.clear();
    this.#words.set(word, ids.slice(start));
  }

  #merge(text: string, ids: IdList): void {
    const bytes = Buffer.from(compose(text));
    // A token is at least one byte, so this much room is always enough.
    ids.write(bytes.length, (room) =>
      checkCount(
        this.#llama.tokenize(this.#vocabulary, bytes, bytes.length, room, room.length, false, false),
      ),
    );
  }
}

/** NFC, which leaves alone what has only characters before the first combining one: a look is cheaper than doing it. */
const compose = (text: string): string => (/[^\0-\u02ff]/.test(text) ? text.normalize('NFC') : text);

function checkCount(count: number): number {
  if (count < 0) throw new Fault('ENGINE_FAILED', { problem: 'llama_tokenize wanted more room than bytes' });
  return count;
}
