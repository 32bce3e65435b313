// Where a conversion's result goes and how it gets there: a temporary name in the same folder until the content is
// complete and synced, then the final name in one step. Refuses to replace the conversion's own inputs.
// Knows nothing of GGUF: the caller fills the open file.

import { constants, type Stats } from 'node:fs';
import { open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { Fault } from '../faults.ts';

// A temporary file that nobody has written to for this long was left by a killed process.
const STALE_PARTIAL_MS = 10 * 60 * 1000;

/** Opens a temporary file of `sizeBytes`, lets `fill` write it, and gives it its name. Gone after any failure. */
export async function writeWhole(
  file: { path: string; sizeBytes: number },
  fill: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const { path, sizeBytes } = file;
  await removeStalePartials(path);
  await checkSpace(path, sizeBytes);
  const partial = `${path}.${String(process.pid)}-${Date.now().toString(36)}.partial`;
  try {
    const handle = await orUnwritable(path, open(partial, 'wx'));
    try {
      // Padding between tensors is never written: it is what truncating leaves there.
      await orUnwritable(path, handle.truncate(sizeBytes));
      await fill(handle);
      await orUnwritable(path, handle.sync());
    } finally {
      await handle.close();
    }
    await orUnwritable(path, rename(partial, path));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** `wanted` itself, or the default name in it when it is a folder. Faults: FILE_UNWRITABLE. */
export async function placeOutput(
  wanted: string,
  { fileName, inputs }: { fileName: string; inputs: readonly string[] },
): Promise<string> {
  const found = await statOrNull(wanted);
  const path = found?.isDirectory() === true ? join(wanted, fileName) : wanted;
  const existing = path === wanted ? found : await statOrNull(path);
  if (existing === null) return path;
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
    throw new Fault('FILE_UNWRITABLE', { path, problem: (error as Error).message }, { cause: error });
  }
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch {
    return null;
  }
}

// Some network file systems report no sizes at all; there, running out shows when it happens.
async function checkSpace(path: string, sizeBytes: number): Promise<void> {
  const { bavail, blocks, bsize } = await orUnwritable(path, statfs(dirname(path)));
  if (blocks > 0 && bavail * bsize < sizeBytes)
    throw new Fault('FILE_UNWRITABLE', {
      path,
      problem: `it needs ${String(sizeBytes)} bytes, ${String(bavail * bsize)} are free`,
    });
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

// Makes the new name survive a power cut. Not every file system lets a folder be synced; the content is safe by then.
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    await handle.sync().finally(() => handle.close());
  } catch {
    return;
  }
}
