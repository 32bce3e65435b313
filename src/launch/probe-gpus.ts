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
