// A lock between processes, also of several machines on one network disk: a file that only one can create, with its
// holder's name and a beat that changes while the holder lives. A holder that is dead, or silent for too long by the
// waiter's own clock, loses it; one that has lost it notices at its next beat.
// Libraries compare the file's time with the local clock, which network disks break, and do not see a killed holder.
import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { link, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeFolder } from '../folders.ts';
import { orLocalFault } from './local-disk.ts';

export interface HeldLock {
  /** False when another has taken it over. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

interface LockOptions {
  staleMs: number;
  signal: AbortSignal;
  /** Told once, with who holds it, when there is a wait. */
  onWait: (holder: string) => void;
}

interface Holder {
  id: string;
  pid: number;
  /** Machine and process table: a pid says something only there. */
  machine: string;
  beat: number;
}

const BEATS_BEFORE_STALE = 6;
const LONGEST_POLL_MS = 250;

/** Resolves when the lock is ours. Faults: FILE_UNWRITABLE, DISK_FULL. */
export async function acquireLock(path: string, options: LockOptions): Promise<HeldLock> {
  const { staleMs, signal, onWait } = options;
  const holder: Holder = { id: randomUUID(), pid: process.pid, machine: thisMachine(), beat: 0 };
  await orLocalFault(path, () => makeFolder(dirname(path)));
  const seen = { text: '', since: performance.now() };
  for (let hasTold = false; ;) {
    signal.throwIfAborted();
    const handle = await tryCreate(path);
    if (handle !== null) return hold(path, { handle, holder, beatMs: staleMs / BEATS_BEFORE_STALE });
    const text = await readText(path);
    if (text === null) continue;
    if (text !== seen.text) Object.assign(seen, { text, since: performance.now() });
    if (isDead(parseHolder(text)) || performance.now() - seen.since > staleMs) {
      await takeAway(path, { judged: text, by: holder.id });
      continue;
    }
    // Two files of one content, in one process, need no words.
    if (!hasTold && parseHolder(text)?.pid !== process.pid) onWait(describe(text));
    hasTold = true;
    await wait(Math.min(LONGEST_POLL_MS, staleMs / BEATS_BEFORE_STALE), undefined, { signal }).catch(() => {
      signal.throwIfAborted();
    });
  }
}

/** Null when somebody has it. */
async function tryCreate(path: string): Promise<FileHandle | null> {
  return orLocalFault(path, async () => {
    try {
      return await open(path, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
      throw error;
    }
  });
}

async function hold(
  path: string,
  { handle, holder, beatMs }: { handle: FileHandle; holder: Holder; beatMs: number },
): Promise<HeldLock> {
  const beat = async (): Promise<void> => {
    holder.beat++;
    await handle.write(`${JSON.stringify(holder)}\n`, 0);
  };
  const isHeld = async (): Promise<boolean> => parseHolder((await readText(path)) ?? '')?.id === holder.id;
  await orLocalFault(path, beat);
  let beating: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // A beat that cannot be written is one that waiters do not see; they decide.
    beating = beating.then(beat).catch(() => undefined);
  }, beatMs).unref();
  return {
    isHeld,
    release: async () => {
      clearInterval(timer);
      await beating;
      if (await isHeld()) await rm(path, { force: true });
      await handle.close();
    },
  };
}

// Renaming picks one of several that judge at once. If a living lock was picked up instead, it goes back.
async function takeAway(path: string, { judged, by }: { judged: string; by: string }): Promise<void> {
  const aside = `${path}.${by}`;
  try {
    await rename(path, aside);
    const taken = await readText(aside);
    if (taken !== judged) await link(aside, path);
  } catch {
    // Somebody else was first: there is nothing to take away, or a new lock in its place.
  }
  await rm(aside, { force: true });
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

function parseHolder(text: string): Holder | null {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    // Being written.
    return null;
  }
}

function describe(text: string): string {
  const holder = parseHolder(text);
  return holder === null
    ? 'another process'
    : `process ${String(holder.pid)} on ${holder.machine.split(' ')[0] ?? ''}`;
}

function isDead(holder: Holder | null): boolean {
  if (holder === null || holder.machine !== thisMachine()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function thisMachine(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
