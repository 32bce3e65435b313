// Owns that equal texts are computed once: those in flight by any call are one work, and finished vectors may be kept.
// Knows keys and works; what a text is and when it is computed is the engine's.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { EmbedInput, LongText, Profile } from '../embedder.ts';
import type { FinishedText } from './call.ts';
import type { Waiter, Work } from './work.ts';

const LONGEST_KEY = 256;

export class EqualTexts {
  readonly #profile: Profile;
  /** Works that are not finished. */
  readonly #inFlight = new Map<string, Work>();
  /** Finished vectors, unless the cache is off. */
  readonly #finished: LRUCache<string, FinishedText> | null;

  /** `cachedVectors`: how many are kept; 0 = none. */
  constructor(profile: Profile, cachedVectors: number) {
    this.#profile = profile;
    this.#finished = cachedVectors > 0 ? new LRUCache<string, FinishedText>({ max: cachedVectors }) : null;
  }

  /** Whether a finished text or one in flight answers the waiter; not one that would let it wait for its betters. */
  join(key: string, waiter: Waiter, priority: number): boolean {
    const finished = this.#finished?.get(key);
    if (finished !== undefined) {
      this.#profile.cacheHits++;
      waiter.call.finish(waiter.index, finished);
      return true;
    }
    const equal = this.#inFlight.get(key);
    if (equal?.isWanted !== true || equal.priority < priority) return false;
    this.#profile.duplicates++;
    equal.waiters.push(waiter);
    return true;
  }

  /** From now on equal texts may join the work, until it ends. */
  add(key: string, work: Work): void {
    this.#inFlight.set(key, work);
    work.onEnd = (finished) => {
      if (this.#inFlight.get(key) === work) this.#inFlight.delete(key);
      if (this.#finished !== null && finished?.vector.every(Number.isFinite))
        this.#finished.set(key, { ...finished, vector: finished.vector.slice() });
    };
  }

  forget(): void {
    this.#finished?.clear();
  }
}

/** Texts and ids never share a key; long ones are hashed, for the key lives as long as the cache keeps it. */
export function keyOf(input: EmbedInput | Int32Array, longText: LongText | null): string {
  const body = typeof input === 'string' ? `t${input}` : `i${input.join()}`;
  const key = longText === null ? body : `${JSON.stringify(longText)}${body}`;
  return key.length <= LONGEST_KEY ? key : createHash('sha256').update(key).digest('base64');
}
