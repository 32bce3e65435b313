// Owns the way from an input to the works that answer it: a text that is finished or in flight is joined, what is new is
// read, cut or divided into chunks, and learns which shared beginning it has. Queues nothing and decodes nothing.
import { recordStage, type EmbedInput, type LongText, type Profile } from '../embedder.ts';
import { faultFrom } from '../faults.ts';
import { ChunkMean } from './chunk-mean.ts';
import { EqualTexts, keyOf } from './equal-texts.ts';
import type { InputReader } from './input-reader.ts';
import type { PrefixStore } from './prefixes.ts';
import { Work, type Waiter, type WorkText } from './work.ts';

/** What holds for all texts of a call. */
export interface Terms {
  longText: LongText | null;
  priority: number;
}

interface IntakeParts {
  reader: InputReader;
  prefixes: PrefixStore;
  /** Finished vectors that are kept; 0 turns the cache off. */
  cachedVectors: number;
  profile: Profile;
}

export class Intake {
  readonly #reader: InputReader;
  readonly #prefixes: PrefixStore;
  readonly #equals: EqualTexts;
  readonly #profile: Profile;

  constructor({ reader, prefixes, cachedVectors, profile }: IntakeParts) {
    this.#reader = reader;
    this.#prefixes = prefixes;
    this.#equals = new EqualTexts(profile, cachedVectors);
    this.#profile = profile;
  }

  /** The works to queue: none where texts that are finished or in flight answer it, or where a fault ends the call. */
  admit(input: EmbedInput, waiter: Waiter, { longText, priority }: Terms): Work[] {
    const key = keyOf(input, longText);
    if (this.#equals.join(key, waiter, priority)) return [];
    const { call, index } = waiter;
    try {
      const started = performance.now();
      const { pieces, isCut } = this.#reader.read(input, index, longText);
      recordStage(this.#profile, 'tokenise', performance.now() - started);
      const [whole] = pieces;
      if (pieces.length === 1 && whole !== undefined)
        return [this.#startWork(key, { tokens: whole, isCut, priority }, waiter)];
      return this.#admitChunks(pieces, waiter, priority);
    } catch (error) {
      call.fail(faultFrom(error));
      return [];
    }
  }

  /** Drops the finished vectors that are kept. */
  forget(): void {
    this.#equals.forget();
  }

  /** A chunk is to the engine what a list of ids is. */
  #admitChunks(chunks: readonly Int32Array[], { call, index }: Waiter, priority: number): Work[] {
    const mean = new ChunkMean({ call, index, chunks: chunks.length, dimensions: call.dimensions });
    return chunks.flatMap((tokens, chunk) => {
      const waiter = { call: mean, index: chunk };
      const key = keyOf(tokens, null);
      if (this.#equals.join(key, waiter, priority)) return [];
      return [this.#startWork(key, { tokens, isCut: false, priority }, waiter)];
    });
  }

  #startWork(key: string, text: WorkText, waiter: Waiter): Work {
    const work = new Work(text, waiter, this.#prefixes.assign(text.tokens));
    this.#equals.add(key, work);
    return work;
  }
}
