// One line for a terminal: how far a leg of a benchmark is, how fast it goes, how long it will take. Pure.
import type { Progress } from '../bench/run.ts';
import { renderBar, renderDuration, renderShare } from './progress-text.ts';

/** `legElapsedMs` is since the leg's first round began. */
export function renderBenchProgress(progress: Progress, legElapsedMs: number): string {
  const { leg, round, rounds, texts, elapsedMs } = progress;
  const roundShare = Math.min(1, Math.max(texts / leg.textLimit, elapsedMs / leg.timeLimitMs));
  const share = (round + roundShare) / rounds;
  const rate = elapsedMs === 0 ? 0 : (1000 * texts) / elapsedMs;
  const leftSeconds = (legElapsedMs * (1 - share)) / share / 1000;
  const left = share === 0 ? '' : `, ${renderDuration(leftSeconds)} left`;
  const place = `round ${String(round + 1)} of ${String(rounds)}`;
  return `${renderBar(share)} ${renderShare(share)}, ${renderRate(rate)} texts/s${left}; ${place}, ${leg.title}`;
}

function renderRate(rate: number): string {
  return rate.toLocaleString('en-US', { maximumFractionDigits: rate < 100 ? 1 : 0 });
}
