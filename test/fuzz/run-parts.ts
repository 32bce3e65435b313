// Runs parts of a fuzzing run in child processes, so that a crash, a hang or a leak is the part's own and is seen for what
// it is. A part fails by an input that breaks its promise, by dying, by silence, or by memory.
import { fork } from 'node:child_process';
import type { Part, PartReport } from './part.ts';

export interface PartOutcome {
  part: Part;
  report: PartReport | null;
  /** Null = all as it should be. */
  problem: string | null;
}

export type ChildMessage = { done: number } | { report: PartReport };

const CHILD = new URL('./fuzz-child.js', import.meta.url);
/** One input takes a millisecond; a machine may be busy. */
const SILENCE_MS = 30_000;
const GROWTH_LIMIT_BYTES = 200e6;
/** V8 lets garbage lie while memory is free; within this it must collect, and only what is held counts, or ends the child. */
const HEAP_LIMITS = ['--max-old-space-size=160', '--max-semi-space-size=2'];

export async function runPartInChild(part: Part): Promise<PartOutcome> {
  const args = [part.target, String(part.seed), String(part.count)];
  const child = fork(CHILD, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: HEAP_LIMITS });
  let [words, done, isSilent] = ['', 0, false];
  const reports: PartReport[] = [];
  const watchdog = setTimeout(() => {
    isSilent = true;
    child.kill('SIGKILL');
  }, SILENCE_MS);
  child.stderr?.on('data', (bytes: Buffer) => (words = `${words}${bytes.toString()}`.slice(-2000)));
  child.on('message', (message: ChildMessage) => {
    watchdog.refresh();
    if ('report' in message) reports.push(message.report);
    else done = message.done;
  });
  const code = await new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (exitCode, signal) => {
      resolve(exitCode ?? signal);
    }),
  );
  clearTimeout(watchdog);
  const [report = null] = reports;
  const end = isSilent
    ? `hangs after input ${String(done)}`
    : `dies (${String(code)}) after input ${String(done)}: ${words}`;
  return { part, report, problem: judge(report) ?? (isSilent || code !== 0 || report === null ? end : null) };
}

function judge(report: PartReport | null): string | null {
  if (report === null) return null;
  const { failure, grownBytes } = report;
  if (failure !== null) return `${failure.problem}\ninput: ${failure.input}`;
  return grownBytes > GROWTH_LIMIT_BYTES ? `grows by ${(grownBytes / 1e6).toFixed(0)} MB` : null;
}
