// This machine's own disk: its faults, how much is free, names that change in one step and survive a power cut.
import { randomUUID } from 'node:crypto';
import { rename, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../faults.ts';
import { makeFolder } from '../folders.ts';

/** Faults: DISK_FULL, FILE_UNWRITABLE. */
export async function orLocalFault<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new Fault(
        'DISK_FULL',
        { path, neededBytes: null, freeBytes: await freeBytes(path) },
        { cause: error },
      );
    throw new Fault('FILE_UNWRITABLE', { path, problem: message }, { cause: error });
  }
}

/** Free for this user on the file system that would hold `path`; null where it does not tell. */
export async function freeBytes(path: string): Promise<number | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return blocks > 0 ? bavail * bsize : null;
  } catch {
    return dirname(path) === path ? null : freeBytes(dirname(path));
  }
}

/**
 * Under a name of its own first, so that readers see the old or the new content; in another folder of the same disk where
 * they would take what a killed process leaves there for one of theirs.
 */
export async function replaceFile(path: string, text: string, aside = dirname(path)): Promise<void> {
  await orLocalFault(path, async () => {
    await makeFolder(dirname(path));
    const fresh = join(aside, `${basename(path)}.${randomUUID()}.tmp`);
    await writeFile(fresh, text);
    await rename(fresh, path);
  });
}
