// Owns the vector of a text that was too long for one: the mean of its chunks' vectors, each normalised and weighted by
// its tokens. It waits for the chunks in its call's stead and hands the call one vector.
import { Fault } from '../faults.ts';
import type { FinishedText, Recipient } from './call.ts';
import { cutAndNormalise } from './vector.ts';

export class ChunkMean implements Recipient {
  readonly #call: Recipient;
  readonly #index: number;
  readonly #unit: Float32Array;
  // In float64, so that the order in which chunks finish does not show in float32.
  readonly #sum: Float64Array;
  #missing: number;
  #tokens = 0;

  /** The vector is cut to `dimensions` chunk by chunk, as a client gets them; `index` is the text's place in the call. */
  constructor(text: { call: Recipient; index: number; chunks: number; dimensions: number }) {
    this.#call = text.call;
    this.#index = text.index;
    this.#missing = text.chunks;
    this.#unit = new Float32Array(text.dimensions);
    this.#sum = new Float64Array(text.dimensions);
  }

  get dimensions(): number {
    return this.#sum.length;
  }

  get requestId(): string | null {
    return this.#call.requestId;
  }

  get hasEnded(): boolean {
    return this.#call.hasEnded;
  }

  finish(_chunk: number, { tokens, vector }: FinishedText): void {
    if (!cutAndNormalise(vector, this.#unit)) {
      this.fail(new Fault('VECTOR_NOT_FINITE', { index: this.#index }));
      return;
    }
    for (const [i, value] of this.#unit.entries()) this.#sum[i] = (this.#sum[i] ?? 0) + tokens * value;
    this.#tokens += tokens;
    if (--this.#missing > 0) return;
    const mean = Float32Array.from(this.#sum, (sum) => sum / this.#tokens);
    this.#call.finish(this.#index, { tokens: this.#tokens, isCut: false, vector: mean });
  }

  fail(fault: Error): void {
    this.#call.fail(fault);
  }
}
