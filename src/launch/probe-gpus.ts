// Owns the question which GPUs a backend's libraries see on this machine, asked in a process of its own: a driver that
// does not suit them may end the process that asks. Computes nothing; a GPU that is seen may still not work.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Gpu } from '../engine/devices.ts';
import type { Backend } from '../engine/libraries.ts';

export type Probe = { gpus: Gpu[] } | { problem: string };

export interface ProbeOrder {
  backend: Backend;
  libraryFolder: string | null;
}

const ENTRY = fileURLToPath(import.meta.resolve('./probe-main.js'));
const TIMEOUT_MS = 60_000;
const LAST_LINES = 3;

export type AskGpus = (order: ProbeOrder) => Promise<Probe>;

/** For longer, another program may have taken the memory. */
const FRESH_MS = 60_000;

/** For a launch, which plans before it fetches a model and after: the same question within a minute has the same answer. */
export function askGpusOnce(entry = ENTRY, clock = (): number => performance.now()): AskGpus {
  const answers = new Map<string, { askedMs: number; probe: Promise<Probe> }>();
  return (order) => {
    const question = JSON.stringify(order);
    const last = answers.get(question);
    if (last !== undefined && clock() - last.askedMs < FRESH_MS) return last.probe;
    const probe = probeGpus(order, entry);
    answers.set(question, { askedMs: clock(), probe });
    return probe;
  };
}

/** Never rejects: what goes wrong is the answer. `entry` is the script that answers, unless a test brings its own. */
export function probeGpus(order: ProbeOrder, entry = ENTRY): Promise<Probe> {
  return new Promise((resolve) => {
    const args = [entry, JSON.stringify(order)];
    execFile(process.execPath, args, { timeout: TIMEOUT_MS, windowsHide: true }, (error, stdout, stderr) => {
      resolve(error === null ? (JSON.parse(stdout) as Probe) : { problem: tellDeath(error, stderr) });
    });
  });
}

function tellDeath({ signal, code }: { signal?: string; code?: unknown }, stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const cause = signal ?? `exit code ${String(code)}`;
  const words = lines.slice(-LAST_LINES).join(' | ');
  return `asking for its GPUs ended with ${cause}${words === '' ? '' : `, saying: ${words}`}`;
}
