// What a pool is to those who have one: an Embedder that tells how its workers are and whether it is full.
import type { Embedder } from '../embedder.ts';
import type { SlotStatus } from './worker-slot.ts';

export interface PoolStatus {
  workers: (SlotStatus & { inFlight: number })[];
  waiting: number;
  /** Estimated, of all requests that have no answer yet. */
  openTokens: number;
}

export interface WorkerPool extends Embedder {
  status(): PoolStatus;
  /** Fault: OVERLOADED where a call that came now would be refused, whatever it is. */
  checkRoom(): void;
}
