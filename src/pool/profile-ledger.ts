// What all workers have done, the dead ones included: a worker's sums begin at nothing, those of the pool never go
// down. Holds the profiles as they were last seen; who asks the workers for them is the pool's business.
import { emptyProfile, forStages, type Profile } from '../embedder.ts';

export class ProfileLedger<Worker extends object> {
  readonly #seen = new Map<Worker, Profile>();
  #buried = emptyProfile();

  open(worker: Worker): void {
    this.#seen.set(worker, emptyProfile());
  }

  /** Answers may overtake each other, and a dead worker's is buried already. */
  see(worker: Worker, profile: Profile): void {
    const before = this.#seen.get(worker);
    if (before !== undefined) this.#seen.set(worker, combine(before, profile, Math.max));
  }

  bury(worker: Worker): void {
    const last = this.#seen.get(worker);
    if (last === undefined) return;
    this.#seen.delete(worker);
    this.#buried = combine(this.#buried, last, add);
  }

  total(): Profile {
    return [...this.#seen.values()].reduce((sum, profile) => combine(sum, profile, add), this.#buried);
  }
}

const add = (a: number, b: number): number => a + b;

function combine(a: Profile, b: Profile, join: (a: number, b: number) => number): Profile {
  return {
    batches: join(a.batches, b.batches),
    texts: join(a.texts, b.texts),
    tokens: join(a.tokens, b.tokens),
    prefixTokens: join(a.prefixTokens, b.prefixTokens),
    duplicates: join(a.duplicates, b.duplicates),
    cacheHits: join(a.cacheHits, b.cacheHits),
    stageSeconds: forStages((stage) => join(a.stageSeconds[stage], b.stageSeconds[stage])),
    stageCounts: forStages((stage) =>
      a.stageCounts[stage].map((count, bucket) => join(count, b.stageCounts[stage][bucket] ?? 0)),
    ),
  };
}
