// What a pool is opened with. Knows no process: workers' settings and environment are values that pass through.
import type { AdmissionLimits } from './admission.ts';
import type { Log } from '../log.ts';
import type { RestartLimits } from './restart-policy.ts';
import type { BalanceMethod } from './routing.ts';

export interface CloseLimits {
  /** For requests in flight; what is left then ends with STOPPING. */
  drainMs: number;
  /** Between the order to stop and SIGKILL. */
  graceMs: number;
}

export const DEFAULT_CLOSE_LIMITS: CloseLimits = { drainMs: 30_000, graceMs: 5_000 };

export interface PoolOptions {
  workerCount: number;
  /** Path of the script that a worker process runs; it calls `serveWorker`. */
  workerEntry: string;
  /** A JSON value for each worker, handed to its `openEmbedder`. */
  settings: (index: number) => unknown;
  /** Added to the part of the environment that workers see. */
  env?: (index: number) => Readonly<Record<string, string>>;
  /** Where the private folder of the sockets is made; default: the system's temporary folder. */
  socketFolder?: string;
  log?: Log;
  restartLimits?: Partial<RestartLimits>;
  closeLimits?: Partial<CloseLimits>;
  admission?: Partial<AdmissionLimits>;
  /** Which worker gets a request; default: the one with the least work. */
  balance?: BalanceMethod;
  /** Aborting before the pool is open kills the workers; `openPool` then rejects with CANCELLED. */
  signal?: AbortSignal;
}
