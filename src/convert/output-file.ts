// Where a conversion's result goes and how it gets there: a temporary name in the same folder until the content is
// complete and synced, then the final name in one step. Refuses to replace the conversion's own inputs.
// Knows nothing of GGUF: the caller fills the open file.

import type { Stats } from 'node:fs';
import { open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { Fault } from '../faults.ts';
import { makeFolder, syncFolder } from '../folders.ts';

// A temporary file that nobody has written to for this long was left by a killed process.
const STALE_PARTIAL_MS = 10 * 60 * 1000;

// Measured on 1.2 GB (2 cores, virtual disk): from 32 to 128 MB the last sync takes 10 to 50 ms instead of 290.
const SYNC_EVERY_BYTES = 64_000_000;

/** Sends what is written on to the disk while more is written, so that the last sync finds little to do. */
export class WriteBehind {
  readonly #handle: FileHandle;
  #waitingBytes = 0;
  #running: Promise<void> | null = null;
  // Linux tells of a failed write to the disk once; a later sync of the same descriptor would succeed.
  #failure: { error: unknown } | null = null;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** To be told of bytes written, by whomever. */
  wrote(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#running !== null || this.#waitingBytes < SYNC_EVERY_BYTES) return;
    this.#waitingBytes = 0;
    this.#running = this.#handle
      .datasync()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#running = null;
      });
  }

  /** Resolves when all that was written is on the disk; rejects if any part of it is not. */
  async sync(): Promise<void> {
    await this.#running;
    if (this.#failure !== null) throw this.#failure.error;
    await this.#handle.sync();
  }
}

/** What is to be written, and under which name when it is whole. */
export interface OutputFile {
  path: string;
  sizeBytes: number;
}

export type Fill = (handle: FileHandle, behind: WriteBehind) => Promise<void>;

/** Opens a temporary file of `sizeBytes`, lets `fill` write it, and gives it its name. Gone after any failure. */
export async function writeWhole(file: OutputFile, fill: Fill): Promise<void> {
  const { path, sizeBytes } = file;
  await removeStalePartials(path);
  await checkSpace(path, sizeBytes);
  const partial = `${path}.${String(process.pid)}-${Date.now().toString(36)}.partial`;
  try {
    await fillAndName(await orUnwritable(path, open(partial, 'wx')), { ...file, partial }, fill);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Lets `fill` write the open file `partial`, and gives it its name once all of it is on the disk. Closes it. */
export async function fillAndName(
  handle: FileHandle,
  { path, sizeBytes, partial }: OutputFile & { partial: string },
  fill: Fill,
): Promise<void> {
  try {
    // Padding between tensors is never written: it is what truncating leaves there.
    await orUnwritable(path, handle.truncate(sizeBytes));
    const behind = new WriteBehind(handle);
    await fill(handle, behind);
    await orUnwritable(path, behind.sync());
  } finally {
    // Waits for a sync that is under way.
    await handle.close();
  }
  await orUnwritable(path, rename(partial, path));
  await syncFolder(dirname(path));
}

/** Replaces the file's content in one step that a power cut does not undo. Faults: FILE_UNWRITABLE, DISK_FULL. */
export async function replaceSynced(path: string, text: string): Promise<void> {
  const fresh = `${path}.tmp`;
  const handle = await orUnwritable(path, open(fresh, 'w'));
  try {
    await orUnwritable(path, handle.writeFile(text));
    await orUnwritable(path, handle.sync());
  } finally {
    await handle.close();
  }
  await orUnwritable(path, rename(fresh, path));
  await syncFolder(dirname(path));
}

/** `wanted` itself, or the default name in it when it is a folder; folders are made. Faults: FILE_UNWRITABLE, DISK_FULL. */
export async function placeOutput(
  wanted: string,
  { fileName, inputs }: { fileName: string; inputs: readonly string[] },
): Promise<string> {
  const found = await statOrNull(wanted);
  const isFolder = found?.isDirectory() ?? /[/\\]$/.test(wanted);
  const path = isFolder ? join(wanted, fileName) : wanted;
  const existing = path === wanted ? found : await statOrNull(path);
  if (existing === null) {
    await orUnwritable(path, makeFolder(dirname(path)));
    return path;
  }
  if (!existing.isFile()) throw new Fault('FILE_UNWRITABLE', { path, problem: 'it is not a regular file' });
  for (const input of inputs) {
    const { dev, ino } = await stat(input);
    if (dev === existing.dev && ino === existing.ino)
      throw new Fault('FILE_UNWRITABLE', { path, problem: `it is read by the conversion as ${input}` });
  }
  return path;
}

export async function orUnwritable<T>(path: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw describeFailedWrite(path, error as NodeJS.ErrnoException);
  }
}

/** Also of whoever writes into the open file. */
export function describeFailedWrite(path: string, error: NodeJS.ErrnoException): Fault {
  const { code, message } = error;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new Fault('DISK_FULL', { path, neededBytes: null, freeBytes: null }, { cause: error })
    : new Fault('FILE_UNWRITABLE', { path, problem: message }, { cause: error });
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch {
    return null;
  }
}

// Some network file systems report no sizes at all; there, running out shows when it happens.
export async function checkSpace(path: string, sizeBytes: number): Promise<void> {
  const { bavail, blocks, bsize } = await orUnwritable(path, statfs(dirname(path)));
  if (blocks > 0 && bavail * bsize < sizeBytes)
    throw new Fault('DISK_FULL', { path, neededBytes: sizeBytes, freeBytes: bavail * bsize });
}

async function removeStalePartials(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await orUnwritable(path, readdir(folder));
  for (const name of names) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith('.partial')) continue;
    const partial = await statOrNull(join(folder, name));
    if (partial !== null && Date.now() - partial.mtimeMs > STALE_PARTIAL_MS)
      await rm(join(folder, name), { force: true });
  }
}
