// One line for a terminal: how far a leg is, how fast it goes, how long it will take. Pure.
import type { Progress } from './run.ts';

const BAR_CELLS = 20;

/** `legElapsedMs` is since the leg's first round began. */
export function renderProgress(progress: Progress, legElapsedMs: number): string {
  const { leg, round, rounds, texts, elapsedMs } = progress;
  const roundShare = Math.min(1, Math.max(texts / leg.textLimit, elapsedMs / leg.timeLimitMs));
  const share = (round + roundShare) / rounds;
  const full = Math.round(share * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const rate = elapsedMs === 0 ? 0 : (1000 * texts) / elapsedMs;
  const left = share === 0 ? '' : `, ${renderTime((legElapsedMs * (1 - share)) / share)} left`;
  const place = `round ${String(round + 1)} of ${String(rounds)}`;
  return `${bar} ${String(Math.floor(100 * share))} %, ${renderRate(rate)} texts/s${left}; ${place}, ${leg.title}`;
}

function renderRate(rate: number): string {
  return rate.toLocaleString('en-US', { maximumFractionDigits: rate < 100 ? 1 : 0 });
}

function renderTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0
    ? `${String(seconds)} s`
    : `${String(minutes)}:${String(seconds % 60).padStart(2, '0')} min`;
}
