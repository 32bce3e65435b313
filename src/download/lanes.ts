// How many connections one file gets. Another one brings something only while the thread that receives has time to spare:
// from a network that is so at once. Over the machine's own network, or from a hub beside it, a single connection keeps the
// thread busy, and more of them only cost: what lies in all their buffers is more than the caches hold.
import { setTimeout as wait } from 'node:timers/promises';

/** A busy thread too waits for a part of its time, as between two requests. */
const BUSY_SHARE = 0.5;

/**
 * `lane` once, and again at the same time, up to `most` times: twice as many after each `lookMs` in which this thread waited
 * more than it worked, all at once when that is 0. A lane never rejects, and ends when nothing is left to begin.
 */
export async function runLanes(
  lane: () => Promise<void>,
  { most, lookMs }: { most: number; lookMs: number },
): Promise<void> {
  const isOver = new AbortController();
  const start = (): Promise<void> =>
    lane().finally(() => {
      isOver.abort();
    });
  const lanes = [start()];
  while (lanes.length < most && (lookMs === 0 || (await findSpareTime(lookMs, isOver.signal)))) {
    const added = Math.min(lanes.length, most - lanes.length);
    lanes.push(...Array.from({ length: added }, start));
  }
  await Promise.all(lanes);
}

/** True as soon as this thread has waited more than it worked, false when `signal` aborts before. */
async function findSpareTime(lookMs: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const before = performance.eventLoopUtilization();
    await wait(lookMs, undefined, { signal }).catch(() => undefined);
    if (performance.eventLoopUtilization(before).utilization < BUSY_SHARE) return !signal.aborted;
  }
  return false;
}
