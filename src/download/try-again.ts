// When a fetch that went wrong is worth another try, and after which wait. Which faults are is said by their rows.
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../faults.ts';
import type { HubTiming } from './contract.ts';

export interface TryAgainOptions {
  timing: HubTiming;
  signal: AbortSignal;
  /** Grows with every new byte; tries are counted from the last growth. */
  progress?: () => number;
  /** Told before each wait. */
  onWait?: (fault: Fault, waitMs: number) => void;
  tries?: number;
}

/** Runs `attempt` until it succeeds, faults for good, or has been tried in vain too often. */
export async function tryAgain<T>(attempt: () => Promise<T>, options: TryAgainOptions): Promise<T> {
  const { timing, signal, progress = () => 0, onWait, tries = timing.tries } = options;
  let failures = 0;
  for (;;) {
    const before = progress();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!isFault(error) || !error.retry) throw error;
      failures = progress() > before ? 1 : failures + 1;
      const waitMs = waitBefore(error, failures, timing);
      if (failures >= tries || waitMs === null) throw error;
      onWait?.(error, waitMs);
      await wait(waitMs, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }
}

const isFault = (error: unknown): error is Fault => error instanceof Fault;

/** Null = longer than anyone should wait without being told by a fault. */
function waitBefore(fault: Fault, failures: number, timing: HubTiming): number | null {
  if (fault.code === 'HUB_RATE_LIMITED') {
    const { waitSeconds } = fault.params as Fault<'HUB_RATE_LIMITED'>['params'];
    return waitSeconds * 1_000 <= timing.patienceMs ? waitSeconds * 1_000 : null;
  }
  const doubled = Math.min(timing.firstWaitMs * 2 ** (failures - 1), timing.longestWaitMs);
  // Lanes that broke together do not come back together.
  return doubled * (0.75 + Math.random() / 4);
}
