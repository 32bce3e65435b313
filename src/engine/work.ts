// Owns one distinct text on its way to a vector, and who waits for it: equal texts of any calls are one work.
import type { Call } from './call.ts';
import type { Prefix } from './prefixes.ts';

export interface Waiter {
  call: Call;
  /** Place of the input in its call. */
  index: number;
}

export class Work {
  /** Token ids, the end token last. */
  readonly tokens: Int32Array;
  readonly waiters: Waiter[];
  readonly queuedAtMs = performance.now();
  /** Told once, when the work is over: the raw vector, a view that may be valid only now, or null for a fault. */
  onEnd: (raw: Float32Array | null) => void = () => undefined;
  readonly #prefix: Prefix | null;

  constructor(tokens: Int32Array, waiter: Waiter, prefix: Prefix | null) {
    this.tokens = tokens;
    this.waiters = [waiter];
    this.#prefix = prefix;
  }

  /** The shared beginning that need not be decoded, if it is still kept. */
  get prefix(): Prefix | null {
    return this.#prefix?.live === true ? this.#prefix : null;
  }

  /** Tokens that a decode would cost now. */
  get cost(): number {
    return this.tokens.length - (this.prefix?.tokens.length ?? 0);
  }

  /** False when every call that waits for it has ended: cancelled, or failed by another of its texts. */
  get isWanted(): boolean {
    return this.waiters.some(({ call }) => !call.hasEnded);
  }

  /** Hands the raw vector, a view that may be valid only now, to all who wait. */
  finish(raw: Float32Array): void {
    this.onEnd(raw);
    for (const { call, index } of this.waiters) call.finish(index, this.tokens.length, raw);
  }

  fail(fault: Error): void {
    this.onEnd(null);
    for (const { call } of this.waiters) call.fail(fault);
  }
}
