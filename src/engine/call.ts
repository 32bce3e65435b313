// Owns one call of embed(): the block its vectors are written to, how many are missing, how it ends.
// Ends once: with all vectors, with the first fault, or cancelled; whatever comes later is ignored.
import type { Embeddings } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { cutAndNormalise } from './vector.ts';

export class Call {
  readonly done: Promise<Embeddings>;
  #resolve!: (embeddings: Embeddings) => void;
  #reject!: (fault: Error) => void;
  #missing: number;
  #ended = false;
  readonly #result: Embeddings;

  constructor(inputs: number, dimensions: number) {
    this.#missing = inputs;
    this.#result = {
      vectors: new Float32Array(inputs * dimensions),
      dimensions,
      tokenCounts: new Uint32Array(inputs),
    };
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (inputs === 0) this.#succeed();
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Takes the vector of one input, raw or normalised, of at least the call's dimensions. */
  finish(index: number, tokens: number, vector: Float32Array): void {
    if (this.#ended) return;
    const { vectors, dimensions, tokenCounts } = this.#result;
    if (!cutAndNormalise(vector, vectors.subarray(index * dimensions, (index + 1) * dimensions))) {
      this.fail(new Fault('VECTOR_NOT_FINITE', { index }));
      return;
    }
    tokenCounts[index] = tokens;
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
