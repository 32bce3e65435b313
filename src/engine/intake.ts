// Owns the way of a call's inputs into the queue: read, joined with equal ones, cut into chunks, in slices between which
// the process does its other work. Computes nothing, and knows not how ids are made.
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { type EmbedInput, type LongText, type Profile, recordStage } from '../embedder.ts';
import { faultFrom } from '../faults.ts';
import type { Call } from './call.ts';
import { ChunkMean } from './chunk-mean.ts';
import { EqualTexts, keyOf } from './equal-texts.ts';
import { type InputReader, isLong } from './input-reader.ts';
import { chunkTokens, countChunks } from './long-text.ts';
import type { Scheduler } from './scheduler.ts';
import { SLICE_CHARACTERS } from './turns.ts';
import { type Waiter, Work, type WorkText } from './work.ts';

interface IntakeParts {
  reader: InputReader;
  /** Finished vectors that are kept; 0 turns the cache off. */
  cachedVectors: number;
  scheduler: Pick<Scheduler, 'add' | 'prefixes'>;
  profile: Profile;
}

/** What holds for all texts of a call. */
interface Terms {
  longText: LongText | null;
  priority: number;
}

type SliceTerms = Terms & { slice: Slice };

/** The key of a longer text would cost more than a slice does; equal ones of that length are computed each. */
const LONGEST_COMPARED = 1_048_576;

type ReadInput = ReturnType<InputReader['read']>;

export class Intake {
  readonly #parts: IntakeParts;
  readonly #equals: EqualTexts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#equals = new EqualTexts(parts.profile, parts.cachedVectors);
  }

  /** Slice by slice; the first texts may be computed while the last are still text. */
  async queue(call: Call, inputs: readonly EmbedInput[], terms: Terms): Promise<void> {
    const slice = new Slice(this.#parts.scheduler, call);
    for (const [index, input] of inputs.entries()) {
      if (call.hasEnded) break;
      try {
        const rest = this.#admit(input, { call, index }, { ...terms, slice });
        if (rest !== null) await rest;
      } catch (error) {
        call.fail(faultFrom(error));
      }
      if (slice.count(input.length)) await yieldToLoop();
    }
    slice.end();
  }

  /** Drops the finished vectors that are kept. */
  forget(): void {
    this.#equals.forget();
  }

  /** At once, or as a promise where it takes turns. */
  #admit(input: EmbedInput, waiter: Waiter, terms: SliceTerms): Promise<void> | null {
    const { reader, profile } = this.#parts;
    const key = input.length <= LONGEST_COMPARED ? keyOf(input, terms.longText) : null;
    if (key !== null && this.#equals.join(key, waiter, terms.priority)) return null;
    const started = performance.now();
    const place = { index: waiter.index, longText: terms.longText };
    const start = (read: ReadInput): Promise<void> | null => {
      recordStage(profile, 'tokenise', performance.now() - started);
      if (read.chunks !== null) return this.#addChunks(read, waiter, terms);
      if (!waiter.call.hasEnded) terms.slice.add(this.#startWork(key, { ...read, ...terms }, waiter));
      return null;
    };
    if (!isLong(input)) return start(reader.read(input, place));
    return reader
      .readInTurns(input, place, () => waiter.call.hasEnded)
      .then(async (read) => {
        await start(read);
      });
  }

  async #addChunks(read: ReadInput, waiter: Waiter, { priority, slice }: SliceTerms): Promise<void> {
    for (const work of this.#chunksOf(read, waiter, priority)) {
      if (waiter.call.hasEnded) return;
      if (work !== null) slice.add(work);
      if (slice.count(read.chunks?.tokens ?? 0)) await yieldToLoop();
    }
  }

  /** A chunk is to the engine what a list of ids is; null = an equal one is in work. */
  *#chunksOf(
    { tokens, chunks: shape }: ReadInput,
    { call, index }: Waiter,
    priority: number,
  ): Generator<Work | null, void> {
    if (shape === null) return;
    const chunks = countChunks(tokens.length, shape);
    const mean = new ChunkMean({ call, index, chunks, dimensions: call.dimensions });
    let chunk = 0;
    for (const part of chunkTokens(tokens, shape)) {
      const waiter = { call: mean, index: chunk++ };
      const key = keyOf(part, null);
      const isJoined = this.#equals.join(key, waiter, priority);
      yield isJoined ? null : this.#startWork(key, { tokens: part, isCut: false, priority }, waiter);
    }
  }

  #startWork(key: string | null, text: WorkText, waiter: Waiter): Work {
    const work = new Work(text, waiter, this.#parts.scheduler.prefixes.assign(text.tokens));
    if (key !== null) this.#equals.add(key, work);
    return work;
  }
}

/** Works that go to the queue together, when as much has been read as may hold up the process. */
class Slice {
  readonly #scheduler: IntakeParts['scheduler'];
  readonly #call: Call;
  #works: Work[] = [];
  #size = 0;

  constructor(scheduler: IntakeParts['scheduler'], call: Call) {
    this.#scheduler = scheduler;
    this.#call = call;
  }

  add(work: Work): void {
    this.#works.push(work);
  }

  /** True when it was full and a new one has begun: a turn for the others is due. */
  count(size: number): boolean {
    this.#size += size;
    if (this.#size < SLICE_CHARACTERS) return false;
    this.end();
    return true;
  }

  end(): void {
    this.#scheduler.add(this.#works, this.#call);
    this.#works = [];
    this.#size = 0;
  }
}
