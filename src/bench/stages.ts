// Where a server's time went, from its own counters before and after: only a server that has them tells, and asking
// is free of risk for the run. Reading is here, the sums are pure.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client.ts';

/** Seconds per stage, in the server's order. */
export type StageSeconds = ReadonlyMap<string, number>;

export interface StageShare {
  stage: string;
  seconds: number;
  /** Of the time that somebody worked; null for waiting. */
  share: number | null;
}

const TIMEOUT_MS = 3000;
/** Texts wait in it while others are worked on. */
const WAITING = 'queue';
const SAMPLE = /^qwen_embed_stage_seconds_total\{(?:.*,)?stage="([\w-]+)".*\} (\d[\d.e+-]*)$/gm;

/** Null for a server without such counters, and for one that does not answer. */
export async function readStages(client: Client): Promise<StageSeconds | null> {
  const answered = new AbortController();
  const timeout = delay(TIMEOUT_MS, null, { signal: answered.signal }).catch(() => null);
  const answer = await Promise.race([client.getMetrics().catch(() => null), timeout]);
  answered.abort();
  return answer?.status === 200 ? parseStages(answer.body.toString('utf8')) : null;
}

export function parseStages(text: string): StageSeconds | null {
  const samples = [...text.matchAll(SAMPLE)];
  if (samples.length === 0) return null;
  return new Map(samples.map(([, stage = '', seconds]) => [stage, Number(seconds)]));
}

/** Null unless both are known and the server lived on: a new one begins at 0. */
export function subtractStages(after: StageSeconds | null, before: StageSeconds | null): StageSeconds | null {
  if (after === null || before === null) return null;
  const spent = [...after].map(([stage, seconds]) => [stage, seconds - (before.get(stage) ?? 0)] as const);
  return spent.some(([, seconds]) => seconds < 0) ? null : new Map(spent);
}

export function shareStages(spent: StageSeconds): StageShare[] {
  const stages = [...spent];
  const worked = stages.reduce((sum, [stage, seconds]) => sum + (stage === WAITING ? 0 : seconds), 0);
  return stages.map(([stage, seconds]) => ({
    stage,
    seconds,
    share: stage === WAITING || worked === 0 ? null : seconds / worked,
  }));
}
