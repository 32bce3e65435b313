// Owns one distinct text on its way to a vector, and who waits for it: equal texts of any calls are one work.
import { noteIds } from '../embedder.ts';
import type { FinishedText, Recipient } from './call.ts';
import type { Prefix } from './prefixes.ts';

export interface Waiter {
  call: Recipient;
  /** Place of the input in its call. */
  index: number;
}

export interface WorkText {
  /** The end token last. */
  tokens: Int32Array;
  isCut: boolean;
  /** The higher, the earlier. */
  priority: number;
}

export class Work {
  /** Token ids, the end token last. */
  readonly tokens: Int32Array;
  readonly priority: number;
  readonly waiters: Waiter[];
  readonly queuedAtMs = performance.now();
  /** Told when the work is over: with the raw vector, or null for a fault or where nobody wanted it any more. */
  onEnd: (text: FinishedText | null) => void = () => undefined;
  readonly #isCut: boolean;
  #prefix: Prefix | null;
  #isAlone = false;

  constructor(text: WorkText, waiter: Waiter, prefix: Prefix | null) {
    this.tokens = text.tokens;
    this.priority = text.priority;
    this.#isCut = text.isCut;
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

  /** Whether it is decoded with no other text and no shared beginning beside it. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  setApart(): void {
    this.#isAlone = true;
    this.#prefix = null;
  }

  /** Hands the raw vector, a view that may be valid only now, to all who wait. */
  finish(raw: Float32Array): void {
    const text = { tokens: this.tokens.length, isCut: this.#isCut, vector: raw };
    this.onEnd(text);
    for (const { call, index } of this.waiters) call.finish(index, text);
  }

  drop(): void {
    this.onEnd(null);
  }

  fail(fault: Error): void {
    this.onEnd(null);
    for (const { call } of this.waiters) call.fail(fault);
  }
}

/** The requests that wait for these works, as a note names them. */
export const requestIdsOf = (works: readonly Work[]): string[] => noteIds(callsOf(works));

function* callsOf(works: readonly Work[]): Generator<Waiter['call'], void> {
  for (const { waiters } of works) for (const { call } of waiters) yield call;
}
