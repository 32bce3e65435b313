// Owns the trying of attempts, best first: the one whose workers cannot start is named with its last words, and the next
// is tried. A library may end its process in the first decode, on a driver that it was not built for; a worker proves
// itself by one text before it counts as started, so that such a library is passed over here and never restarted.
import { fileURLToPath } from 'node:url';
import { Fault, faultFrom } from '../faults.ts';
import type { Log } from '../log.ts';
import type { PoolOptions } from '../pool/pool-options.ts';
import { openPool } from '../pool/pool.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import type { Attempt } from './plan.ts';

export interface BestPoolOptions {
  attempts: readonly [Attempt, ...Attempt[]];
  modelFile: string;
  onStep: (step: string) => void;
  log: Log;
  limits?: Pick<PoolOptions, 'admission' | 'restartLimits'>;
  signal?: AbortSignal;
  /** The script that workers run, unless a test brings its own. */
  workerEntry?: string;
}

const WORKER_ENTRY = fileURLToPath(import.meta.resolve('../worker/main.js'));

/** Faults: the last attempt's. */
export async function openBestPool(
  options: BestPoolOptions,
): Promise<{ pool: WorkerPool; attempt: Attempt }> {
  const [attempt, ...others] = options.attempts;
  options.onStep(`loading the model (${attempt.reason})`);
  try {
    return { pool: await openPool(poolOptions(attempt, options)), attempt };
  } catch (error) {
    const fault = faultFrom(error);
    const [next, ...rest] = others.filter((other) => mayFollow(other, attempt, fault));
    if (next === undefined) throw error;
    options.log('warn', `${nameAttempt(attempt)} does not work: ${fault.message}`, {
      next: nameAttempt(next),
    });
    return openBestPool({ ...options, attempts: [next, ...rest] });
  }
}

const nameAttempt = ({ backend, compute }: Attempt): string =>
  `${backend} (${compute === 'graph' ? 'our own graph' : 'llama.cpp'})`;

/** Faults of a device or its libraries: the same model may work elsewhere. */
const OF_A_BACKEND: readonly Fault['code'][] = ['NATIVE_MISSING', 'NATIVE_MISMATCH'];
/** Faults of one way to compute on it. */
const OF_A_WAY: readonly Fault['code'][] = ['ENGINE_FAILED', 'WORKER_START_FAILED', 'MEMORY_SHORT'];

// A model that is wrong is wrong everywhere. Our own graph refuses shapes and settings that llama.cpp may well know.
function mayFollow(next: Attempt, failed: Attempt, { code }: Fault): boolean {
  if (OF_A_BACKEND.includes(code)) return next.backend !== failed.backend;
  if (code === 'MODEL_UNSUPPORTED') return failed.compute === 'graph' && next.compute !== 'graph';
  return OF_A_WAY.includes(code);
}

function poolOptions(
  { workers }: Attempt,
  { modelFile, workerEntry = WORKER_ENTRY, limits, log, signal }: BestPoolOptions,
): PoolOptions {
  return {
    workerCount: workers.length,
    workerEntry,
    settings: (i) => ({ ...workers[i]?.engine, modelFile }),
    env: (i) => workers[i]?.env ?? {},
    log,
    ...limits,
    ...(signal === undefined ? {} : { signal }),
  };
}
