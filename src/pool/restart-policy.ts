// When a worker is started again and when it is given up: pure decisions over times.
// A worker that never was ready would not be ready next time; one that again and again lives for less time than it
// takes to start is not worth its load time. One that serves between its deaths is, however often it dies.

export interface RestartLimits {
  /** Pause before a restart; each futile life before it doubles it. */
  firstDelayMs: number;
  maxDelayMs: number;
  /** Futile lives in a row that are borne; one more and the worker is given up. */
  maxFutileLives: number;
  /** From spawn to ready; loading 16 GB from a slow disk takes minutes. */
  startTimeoutMs: number;
  /** A ready worker that answers nothing for so long has hung. */
  silenceTimeoutMs: number;
}

export const DEFAULT_RESTART_LIMITS: RestartLimits = {
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  maxFutileLives: 5,
  startTimeoutMs: 900_000,
  silenceTimeoutMs: 300_000,
};

export interface Life {
  startedMs: number;
  /** null = it never was. */
  readyMs: number | null;
  endedMs: number;
  /** How long it may have done nothing before it was killed for that; 0 for one that did not hang. */
  silentMs: number;
}

/** Whether it served for less time than it took to start. */
export function wasFutile({ startedMs, readyMs, endedMs, silentMs }: Life): boolean {
  return readyMs === null || endedMs - silentMs - readyMs < readyMs - startedMs;
}

interface WorkerHistory {
  everReady: boolean;
  /** In a row, up to now; lives that a guilty request ended do not count. */
  futileLives: number;
}

export type RestartDecision = { kind: 'restart'; afterMs: number } | { kind: 'give-up'; reason: string };

export function planRestart(
  { everReady, futileLives }: WorkerHistory,
  { firstDelayMs, maxDelayMs, maxFutileLives }: RestartLimits,
): RestartDecision {
  if (!everReady) return { kind: 'give-up', reason: 'before it was ever ready' };
  if (futileLives > maxFutileLives) {
    const reason = `and has died ${String(futileLives)} times in a row, each time sooner than it takes to start`;
    return { kind: 'give-up', reason };
  }
  return { kind: 'restart', afterMs: Math.min(maxDelayMs, firstDelayMs * 2 ** Math.max(0, futileLives - 1)) };
}
