// Files that are whole: whether one is there, and how it gets the name that readers use. In the cache that is a link
// from the snapshot to the blob, or the file itself where links fail; in a folder the file, with a note of its digest.
import { constants } from 'node:fs';
import { copyFile, lstat, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { makeFolder } from '../folders.ts';
import type { FilePlace } from './cache-layout.ts';
import type { RepoFile } from './contract.ts';
import { digestFile } from './follow-digest.ts';
import { orLocalFault, replaceFile } from './local-disk.ts';

// What Python's tools allow between a file's time and that of its note.
const CLOCK_SLACK_SECONDS = 1;

/**
 * Where the whole content is: under its final name, or at rest, as of another snapshot; null when it is not there. In the
 * cache a blob's name and size are believed, as Python's tools believe them; a file in a folder is believed when its note
 * fits, and hashed when it has none.
 */
export async function findContent(place: FilePlace, file: RepoFile): Promise<string | null> {
  const { finalPath, metadataPath, restPath } = place;
  if (metadataPath !== null) return (await isThereInFolder(finalPath, metadataPath, file)) ? finalPath : null;
  if (await isLinked(place, file)) return finalPath;
  return (await sizeOf(restPath)) === file.sizeBytes ? restPath : null;
}

async function isLinked({ finalPath }: FilePlace, { sizeBytes, digest }: RepoFile): Promise<boolean> {
  if ((await sizeOf(finalPath)) !== sizeBytes) return false;
  const target = await readlink(finalPath).catch(() => null);
  return target === null || basename(target) === digest.hex;
}

async function isThereInFolder(path: string, metadataPath: string, file: RepoFile): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile() || found.size !== file.sizeBytes) return false;
  const [, etag, time] = (await readFile(metadataPath, 'utf8').catch(() => '')).split('\n');
  if (etag === undefined || time === undefined || found.mtimeMs / 1_000 > Number(time) + CLOCK_SLACK_SECONDS)
    return (await digestFile(path, file)) === file.digest.hex;
  return etag === file.digest.hex;
}

/** Size of a regular file, through links; null when there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}

/** Gives content at rest its final name. `isNew` = no other snapshot can have it yet. Faults: FILE_UNWRITABLE, DISK_FULL. */
export async function giveName(
  place: FilePlace,
  { file, commit, isNew }: { file: RepoFile; commit: string; isNew: boolean },
): Promise<void> {
  const { finalPath, restPath, linkTarget, metadataPath } = place;
  await orLocalFault(finalPath, async () => {
    if (metadataPath !== null) {
      const seconds = String(Date.now() / 1_000);
      await replaceFile(metadataPath, `${commit}\n${file.digest.hex}\n${seconds}\n`);
      return;
    }
    if (await isLinked(place, file)) return;
    await makeFolder(dirname(finalPath));
    if (linkTarget !== null && (await tryLink(linkTarget, finalPath, dirname(restPath)))) return;
    await (isNew ? rename(restPath, finalPath) : copyAside(restPath, finalPath));
  });
}

/** False where the file system or the user may not make links. A snapshot never holds what only passes through `aside`. */
async function tryLink(target: string, path: string, aside: string): Promise<boolean> {
  const fresh = join(aside, `${randomUUID()}.tmp`);
  try {
    await symlink(target, fresh);
  } catch (error) {
    if (['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
  // A folder in the way is not replaced.
  await rename(fresh, path).catch(async (error: unknown) => {
    await rm(fresh, { force: true });
    throw error;
  });
  return (await lstat(path)).isSymbolicLink();
}

/** Readers see the whole copy or none; shares the blocks where the file system can. */
export async function copyAside(from: string, to: string): Promise<void> {
  await orLocalFault(to, async () => {
    await makeFolder(dirname(to));
    const fresh = `${to}.${randomUUID()}.tmp`;
    try {
      await copyFile(from, fresh, constants.COPYFILE_FICLONE);
      await rename(fresh, to);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
  });
}
