// Owns one call of embed(): the block its vectors are written to, how many are missing, how it ends.
// Ends once: with all vectors, with the first fault, or cancelled; whatever comes later is ignored.
import type { Embeddings } from '../embedder.ts';
import { Fault } from '../faults.ts';
import type { QueuedText } from './batcher.ts';
import { cutAndNormalise } from './vector.ts';

/** One input of a call, tokenised. */
export interface CallText extends QueuedText {
  call: Call;
  /** Place of the input in the call. */
  index: number;
}

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
    if (inputs === 0)
      this.#end(() => {
        this.#resolve(this.#result);
      });
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Takes the raw vector of one text; it may be a view that is valid only now. */
  finish({ index, tokens }: CallText, raw: Float32Array): void {
    const { vectors, dimensions, tokenCounts } = this.#result;
    const row = vectors.subarray(index * dimensions, (index + 1) * dimensions);
    if (!cutAndNormalise(raw, row)) {
      this.fail(new Fault('VECTOR_NOT_FINITE', { index }));
      return;
    }
    tokenCounts[index] = tokens.length;
    if (--this.#missing === 0)
      this.#end(() => {
        this.#resolve(this.#result);
      });
  }

  fail(fault: Error): void {
    this.#end(() => {
      this.#reject(fault);
    });
  }

  #end(settle: () => void): void {
    if (this.#ended) return;
    this.#ended = true;
    settle();
  }
}
