// Listings on disk: `trees/COMMIT.json` in the format of huggingface_hub (format_version 1), refs, and, where older
// tools left neither, what a snapshot holds. A commit's list never changes, so a kept one is as good as the hub's.
import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isObject } from '../json-object.ts';
import type { RepoFile } from './contract.ts';
import { treePath } from './cache-layout.ts';
import { replaceFile } from './local-disk.ts';
import { isCommit, isSafePath } from './names.ts';

const FORMAT_VERSION = 1;

/** Null when there is none or it cannot be understood. */
export function readKeptListing(folder: string, commit: string): RepoFile[] | null {
  const value = readJson(treePath(folder, commit));
  if (!isObject(value) || value['format_version'] !== FORMAT_VERSION || !isObject(value['files']))
    return null;
  const files = Object.entries(value['files']).map(([path, entry]) => parseEntry(path, entry));
  return files.every((file) => file !== null) ? files : null;
}

export async function keepListing(path: string, files: readonly RepoFile[]): Promise<void> {
  const entries = files.map(({ path: name, sizeBytes, digest: { kind, hex } }) => [
    name,
    kind === 'gitSha1'
      ? { size: sizeBytes, blob_id: hex }
      : // The id of the pointer that git keeps for a large file is of use to nobody.
        { size: sizeBytes, blob_id: '', lfs_sha256: hex, lfs_size: sizeBytes },
  ]);
  const value = { format_version: FORMAT_VERSION, files: Object.fromEntries(entries) as unknown };
  await replaceFile(path, JSON.stringify(value, null, 1));
}

/** The commit that a branch or tag had when it was last fetched. */
export async function readRef(folder: string, name: string): Promise<string | null> {
  const text = await readFile(join(folder, 'refs', name), 'utf8').catch(() => '');
  return isCommit(text.trim()) ? text.trim() : null;
}

export async function keepRef(folder: string, name: string, commit: string): Promise<void> {
  const path = join(folder, 'refs', name);
  if ((await readFile(path, 'utf8').catch(() => '')) !== commit) await replaceFile(path, commit, folder);
}

/** What lies in a snapshot: links say the digest, their targets the size. Null when it is empty or holds no links. */
export async function listSnapshot(folder: string, commit: string): Promise<RepoFile[] | null> {
  const root = join(folder, 'snapshots', commit);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: RepoFile[] = [];
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const hex = basename(await readlink(path));
    const found = await stat(path).catch(() => null);
    const kind = { 40: 'gitSha1', 64: 'sha256' }[hex.length] as RepoFile['digest']['kind'] | undefined;
    if (found === null || kind === undefined) continue;
    const name = path.slice(root.length + 1).replaceAll('\\', '/');
    files.push({ path: name, sizeBytes: found.size, digest: { kind, hex } });
  }
  return files.length === 0 ? null : files;
}

function parseEntry(path: string, entry: unknown): RepoFile | null {
  if (!isObject(entry) || !isSafePath(path)) return null;
  const { size, blob_id: blobId, lfs_sha256: sha256, lfs_size: lfsSize } = entry;
  const [hex, sizeBytes] = typeof sha256 === 'string' ? [sha256, lfsSize] : [blobId, size];
  if (typeof hex !== 'string' || typeof sizeBytes !== 'number') return null;
  return { path, sizeBytes, digest: { kind: typeof sha256 === 'string' ? 'sha256' : 'gitSha1', hex } };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}
