// Owns where the converted models of one repository lie, so that the next start finds them without asking anyone:
//
//   CACHE/converted/hub/SOURCE/OWNER--NAME/refs/REVISION         commit that the name meant when it was last asked for
//                                          COMMIT/NAME-TYPE-v1.gguf
//                                          COMMIT/NAME-TYPE-v1.gguf.unfinished, and its note
//                                          COMMIT/fetched.json   weights that are in the hub's cache only for conversion
//
// A converted file has its name once it is whole, so its path is all the index there is.
import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { isFile } from '../convert/files.ts';
import { CONVERTER_VERSION } from '../convert/fingerprint.ts';
import { removeUnfinished, wholeNameOf } from '../convert/unfinished.ts';
import type { HubSource } from '../download/contract.ts';
import { replaceFile } from '../download/local-disk.ts';
import { isCommit } from '../download/names.ts';

/** Stands for the default branch, whatever the source calls it. */
const DEFAULT_REVISION = 'HEAD';

export class ConvertedRepo {
  readonly folder: string;
  readonly #name: string;

  constructor(cacheFolder: string, { source, repo }: { source: HubSource; repo: string }) {
    this.folder = join(cacheFolder, 'converted', 'hub', source, repo.replaceAll('/', '--'));
    this.#name = repo.slice(repo.indexOf('/') + 1);
  }

  fileOf(commit: string, outtype: string): string {
    return join(this.folder, commit, `${this.#name}-${outtype}-v${String(CONVERTER_VERSION)}.gguf`);
  }

  /** The converted file, marked as used now; null when there is none. */
  findFile(revision: string | null, outtype: string): { file: string; commit: string } | null {
    const commit = this.readCommit(revision);
    if (commit === null) return null;
    const file = this.fileOf(commit, outtype);
    if (!isFile(file)) return null;
    markUsed(file);
    return { file, commit };
  }

  readCommit(revision: string | null): string | null {
    if (isCommit(revision)) return revision;
    const text = readText(this.#refPath(revision))?.trim();
    return isCommit(text) ? text : null;
  }

  /** Faults: FILE_UNWRITABLE, DISK_FULL. */
  async keepCommit(revision: string | null, commit: string): Promise<void> {
    if (!isCommit(revision)) await replaceFile(this.#refPath(revision), commit);
  }

  /** Only what was begun last is worth its disk. Faults: FILE_UNWRITABLE. */
  async removeUnfinishedBut(file: string): Promise<void> {
    for (const name of readdirSync(this.folder, { recursive: true, encoding: 'utf8' })) {
      const other = wholeNameOf(join(this.folder, name));
      if (other !== null && other !== file) await removeUnfinished(other);
    }
  }

  /** Paths in the repository. */
  readFetched(commit: string): string[] {
    try {
      return JSON.parse(readText(this.#fetchedPath(commit)) ?? '[]') as string[];
    } catch {
      return [];
    }
  }

  /** None = they are no longer this program's to remove. Faults: FILE_UNWRITABLE, DISK_FULL. */
  async keepFetched(commit: string, paths: readonly string[]): Promise<void> {
    if (paths.length > 0) await replaceFile(this.#fetchedPath(commit), JSON.stringify(paths));
    else rmSync(this.#fetchedPath(commit), { force: true });
  }

  // Branches may have slashes.
  #refPath(revision: string | null): string {
    return join(this.folder, 'refs', encodeURIComponent(revision ?? DEFAULT_REVISION));
  }

  #fetchedPath(commit: string): string {
    return join(this.folder, commit, 'fetched.json');
  }
}

/** Sets the time of last use by hand: many disks are mounted without keeping it. */
function markUsed(file: string): void {
  try {
    utimesSync(file, new Date(), statSync(file).mtime);
  } catch {
    // A cache that belongs to somebody else may be read and not marked.
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
