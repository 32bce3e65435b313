// What a pool is to those who have one: an Embedder that tells how its workers are and whether it is full.
import type { Embedder } from '../embedder.ts';
import type { Fault } from '../faults.ts';
import type { SlotStatus } from './worker-slot.ts';

export interface PoolStatus {
  workers: (SlotStatus & { inFlight: number })[];
  waiting: number;
  /** Estimated, of all requests that have no answer yet. */
  openTokens: number;
  /** Why no worker lives or will live; null = that is not so. */
  failure: string | null;
}

export interface WorkerPool extends Embedder {
  /** Resolves with WORKERS_GIVEN_UP when no worker lives or will live, and never where the pool was closed before. */
  readonly givenUp: Promise<Fault>;
  status(): PoolStatus;
  /** Faults: OVERLOADED, WORKERS_GIVEN_UP where a call that came now would be refused, whatever it is. */
  checkRoom(): void;
}
