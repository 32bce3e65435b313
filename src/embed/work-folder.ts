// What a job leaves behind until it is done: the folder OUTPUT.partial beside its output, with a description of the job,
// the vectors so far, and a copy of standard input if the rows come from there. Owns its lock and its end.
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { Fault } from '../faults.ts';
import { makeFolder } from '../folders.ts';

/** What must be equal for a job to be gone on with, by names that a person understands. */
export type JobDescription = Readonly<Record<string, unknown>>;

export interface WorkFolder {
  vectorsPath: string;
  /**
   * Copies standard input into the folder and returns the copy's path. A run that goes on may get the same input again
   * or none, but no other. Fault: BAD_OPTION.
   */
  keepInput(stream: Readable): Promise<string>;
  /** Ends the lock; `remove` ends the folder too. */
  close(end: { remove: boolean }): void;
}

/** Faults: BAD_OPTION for a folder of another job or one in use, FILE_UNWRITABLE. */
export async function openWorkFolder(
  outputPath: string,
  { job, restart }: { job: JobDescription; restart: boolean },
): Promise<WorkFolder> {
  const path = `${outputPath}.partial`;
  const jobPath = join(path, 'job.json');
  await guard(path, () => makeFolder(path));
  const unlock = takeLock(path);
  const vectorsPath = join(path, 'vectors.f32');
  try {
    if (restart) rmSync(vectorsPath, { force: true });
    const hasVectors = (statSync(vectorsPath, { throwIfNoEntry: false })?.size ?? 0) > 0;
    const changed = findChange(jobPath, job);
    if (changed !== null && hasVectors) throw anotherJob(path, changed);
    if (changed !== null || restart) {
      rmSync(join(path, 'stdin'), { force: true });
      await guard(path, () => writeFile(jobPath, JSON.stringify(job, null, 2)));
    }
    return {
      vectorsPath,
      keepInput: (stream) => keepInput(path, stream),
      close: ({ remove }) => {
        unlock();
        if (remove) rmSync(path, { recursive: true, force: true });
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** What differs from the job that the folder was made for, in words; null if nothing does. */
function findChange(jobPath: string, job: JobDescription): string | null {
  const old = parseJob(readText(jobPath));
  const now = parseJob(JSON.stringify(job));
  const show = (value: unknown): string => (value === undefined ? 'not given' : JSON.stringify(value));
  const name = Object.keys({ ...old, ...now }).find((key) => show(old[key]) !== show(now[key]));
  return name === undefined ? null : `${name} was ${show(old[name])}, now it is ${show(now[name])}`;
}

function anotherJob(path: string, change: string): Fault {
  return new Fault('BAD_OPTION', {
    option: path,
    problem: `belongs to another job: ${change}`,
    hint: 'go on with the same options and inputs, or begin anew with --restart',
  });
}

function parseJob(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** A copy that is not whole has another name, so it is never taken for the input. */
async function keepInput(folder: string, stream: Readable): Promise<string> {
  const [path, part] = [join(folder, 'stdin'), join(folder, 'stdin.part')];
  await pipeline(stream, createWriteStream(part));
  const kept = statSync(path, { throwIfNoEntry: false });
  if (kept === undefined) renameSync(part, path);
  else if (statSync(part).size > 0 && (await hashFile(part)) !== (await hashFile(path)))
    throw anotherJob(folder, 'standard input has changed');
  rmSync(part, { force: true });
  return path;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** A lock names its process: one that is gone from this machine has lost it. */
function takeLock(folder: string): () => void {
  const path = join(folder, 'lock');
  const mine = JSON.stringify({ host: hostname(), pid: process.pid });
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, mine, { flag: 'wx' });
      return () => {
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, error);
      if (attempt > 0 || !isAbandoned(path)) throw lockedBy(folder, path);
      rmSync(path, { force: true });
    }
  }
}

function isAbandoned(path: string): boolean {
  const { host, pid } = parseJob(readText(path));
  if (typeof pid !== 'number') return true;
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return pid === process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

function lockedBy(folder: string, path: string): Fault {
  return new Fault('BAD_OPTION', {
    option: folder,
    problem: `is in use by another process: ${readText(path)}`,
    hint: `wait for it, or choose another --output; if that process is gone, remove ${path}`,
  });
}

async function guard(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): Fault {
  const problem = error instanceof Error ? error.message : String(error);
  return new Fault('FILE_UNWRITABLE', { path, problem }, { cause: error });
}
