// When a worker is started again and when it is given up: pure decisions over times.
// A worker that never was ready would not be ready next time; one that keeps dying is not worth its load time.

export interface RestartLimits {
  /** Pause before the first restart; each further death within the window doubles it. */
  firstDelayMs: number;
  maxDelayMs: number;
  /** Unexplained deaths within the window that are borne; one more and the worker is given up. */
  maxDeaths: number;
  windowMs: number;
  /** From spawn to ready; loading 16 GB from a slow disk takes minutes. */
  startTimeoutMs: number;
  /** A ready worker that answers nothing for so long has hung. */
  silenceTimeoutMs: number;
}

export const DEFAULT_RESTART_LIMITS: RestartLimits = {
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  maxDeaths: 5,
  windowMs: 120_000,
  startTimeoutMs: 900_000,
  silenceTimeoutMs: 300_000,
};

interface WorkerHistory {
  everReady: boolean;
  /** Deaths that no guilty request explains, oldest first. */
  deathTimesMs: readonly number[];
}

export type RestartDecision = { kind: 'restart'; afterMs: number } | { kind: 'give-up'; reason: string };

export interface RestartQuestion {
  history: WorkerHistory;
  limits: RestartLimits;
  nowMs: number;
}

export function planRestart({ history, limits, nowMs }: RestartQuestion): RestartDecision {
  if (!history.everReady) return { kind: 'give-up', reason: 'before it was ever ready' };
  const { firstDelayMs, maxDelayMs, maxDeaths, windowMs } = limits;
  const deaths = history.deathTimesMs.filter((timeMs) => nowMs - timeMs <= windowMs).length;
  if (deaths > maxDeaths) {
    const window = String(Math.round(windowMs / 1000));
    return { kind: 'give-up', reason: `and has died ${String(deaths)} times within ${window} s` };
  }
  return { kind: 'restart', afterMs: Math.min(maxDelayMs, firstDelayMs * 2 ** Math.max(0, deaths - 1)) };
}
