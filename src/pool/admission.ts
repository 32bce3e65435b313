// Who may come in: decided when a call arrives, before anything is encoded or sent, so that a full pool says so at once
// and not when its callers have given up. Counts the calls that are in; who waits, for whom, and who goes in favour of
// another is the dispatcher's.
import type { EmbedInput } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { estimateTokens } from './routing.ts';

export interface AdmissionLimits {
  /** Requests that may wait for a worker, each slice of a big call counting as one. */
  queuedRequests: number;
  /** Tokens of all calls that are in, as `estimateTokens` counts. A call of more than that comes in when no other is. */
  openTokens: number;
  /** Whether a call may take the place of one that waits with a lower priority. */
  displaces: boolean;
}

/** Those that wait for a worker. */
export interface Waiting {
  readonly waitingCount: number;
  /** Refuses one with a lower priority than this; false where there is none. */
  displace(priority: number): boolean;
}

export const NO_ADMISSION_LIMITS: AdmissionLimits = {
  queuedRequests: Infinity,
  openTokens: Infinity,
  displaces: false,
};

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #waiting: Waiting;
  #openTokens = 0;

  constructor(limits: AdmissionLimits, waiting: Waiting) {
    this.#limits = limits;
    this.#waiting = waiting;
  }

  /** Tokens of all calls that are in. */
  get openTokens(): number {
    return this.#openTokens;
  }

  /** For a call that is not known yet. Fault: OVERLOADED where any call would be refused. */
  checkRoom(): void {
    const { openTokens, displaces } = this.#limits;
    if (!displaces) this.#checkQueue();
    if (this.#openTokens >= openTokens) throw overloaded('tokens are open', this.#openTokens, openTokens);
  }

  /** Lets a call in and returns what to call when it has ended. Fault: OVERLOADED. */
  enter(inputs: readonly EmbedInput[], priority: number): () => void {
    this.checkRoom();
    const tokens = inputs.reduce((sum, input) => sum + estimateTokens(input), 0);
    const sum = this.#openTokens + tokens;
    const limit = this.#limits.openTokens;
    if (sum > limit && this.#openTokens > 0) throw overloaded('tokens would be open', sum, limit);
    if (this.#limits.displaces) this.#takePlace(priority);
    this.#openTokens = sum;
    return () => {
      this.#openTokens -= tokens;
    };
  }

  #takePlace(priority: number): void {
    if (this.#waiting.waitingCount >= this.#limits.queuedRequests && this.#waiting.displace(priority)) return;
    this.#checkQueue();
  }

  #checkQueue(): void {
    const { queuedRequests } = this.#limits;
    const count = this.#waiting.waitingCount;
    if (count >= queuedRequests) throw overloaded('requests wait', count, queuedRequests);
  }
}

function overloaded(what: string, count: number, limit: number): Fault {
  return new Fault('OVERLOADED', { what, count, limit });
}
