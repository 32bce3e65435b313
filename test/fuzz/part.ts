// One part of a fuzzing run, in this process: inputs drawn from one seed, each run to its end, time and memory measured.
// Knows nothing of other processes; what runs parts in children is run-parts.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { TARGETS, type TargetName } from './targets.ts';

export interface Part {
  target: TargetName;
  seed: number;
  count: number;
}

export interface PartReport {
  inputs: number;
  /** How inputs ended -> how many. */
  ends: Record<string, number>;
  /** Of processor time, all threads together: the wall's clock would count what other programs do. */
  slowestMs: number;
  /** Of the process, from before the first input to its peak. */
  grownBytes: number;
  /** The smallest input found that breaks the promise, and how; null = none does. */
  failure: { input: string; problem: string } | null;
}

const SLOW_MS = 1000;
const SHOWN_CHARACTERS = 2000;

export async function runPart({ target: name, seed, count }: Part, onInput: () => void): Promise<PartReport> {
  const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-fuzz-'));
  const target = await TARGETS[name].open(folder);
  const report: PartReport = { inputs: 0, ends: {}, slowestMs: 0, grownBytes: 0, failure: null };
  const before = process.memoryUsage.rss();
  const property = fc.asyncProperty(target.inputs, async (input) => {
    const start = process.cpuUsage();
    const end = await target.run(input);
    const { user, system } = process.cpuUsage(start);
    const spentMs = (user + system) / 1000;
    report.inputs++;
    report.ends[end] = (report.ends[end] ?? 0) + 1;
    report.slowestMs = Math.max(report.slowestMs, spentMs);
    if (spentMs > SLOW_MS) throw new Error(`it takes ${spentMs.toFixed(0)} ms`);
    onInput();
  });
  try {
    const outcome = await fc.check(property, { seed, numRuns: count, interruptAfterTimeLimit: 600_000 });
    report.grownBytes = process.resourceUsage().maxRSS * 1024 - before;
    if (outcome.failed)
      report.failure = { input: show(outcome.counterexample), problem: show(outcome.errorInstance) };
    return report;
  } finally {
    await target.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function show(value: unknown): string {
  const text = value instanceof Error ? (value.stack ?? value.message) : fc.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
