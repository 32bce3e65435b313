// Owns one call of embed(): the block its vectors are written to, how many are missing, how it ends.
// Ends once: with all vectors, with the first fault, or cancelled; whatever comes later is ignored.
import type { Embeddings } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { cutAndNormalise } from './vector.ts';

export interface FinishedText {
  /** Tokens computed, the end token included. */
  tokens: number;
  isCut: boolean;
  /** Raw or normalised, of at least the dimensions asked for; a view that may be valid only now. */
  vector: Float32Array;
}

/** Whoever waits for vectors, which it numbers. */
export interface Recipient {
  /** What the log calls the request; null = nobody named it. */
  readonly requestId: string | null;
  readonly dimensions: number;
  readonly hasEnded: boolean;
  finish(index: number, text: FinishedText): void;
  fail(fault: Error): void;
}

export class Call implements Recipient {
  readonly done: Promise<Embeddings>;
  readonly requestId: string | null;
  #resolve!: (embeddings: Embeddings) => void;
  #reject!: (fault: Error) => void;
  #missing: number;
  #ended = false;
  readonly #result: Embeddings;

  constructor(inputs: number, dimensions: number, requestId: string | null = null) {
    this.requestId = requestId;
    this.#missing = inputs;
    this.#result = {
      vectors: new Float32Array(inputs * dimensions),
      dimensions,
      tokenCounts: new Uint32Array(inputs),
      cutCount: 0,
    };
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (inputs === 0) this.#succeed();
  }

  get dimensions(): number {
    return this.#result.dimensions;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  finish(index: number, { tokens, isCut, vector }: FinishedText): void {
    if (this.#ended) return;
    const { vectors, dimensions, tokenCounts } = this.#result;
    if (!cutAndNormalise(vector, vectors.subarray(index * dimensions, (index + 1) * dimensions))) {
      this.fail(new Fault('VECTOR_NOT_FINITE', { index }));
      return;
    }
    tokenCounts[index] = tokens;
    if (isCut) this.#result.cutCount++;
    if (--this.#missing === 0) this.#succeed();
  }

  fail(fault: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reject(fault);
  }

  #succeed(): void {
    this.#ended = true;
    this.#resolve(this.#result);
  }
}
