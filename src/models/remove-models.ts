// Owns what `remove` may touch: converted files, which are this program's own, and one named repository of the hub's
// cache, whole or one type of its GGUF files. Decides first, removes then; nothing outside the two cache folders.
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { noteOf, wholeNameOf } from '../convert/unfinished.ts';
import { locksFolder, repoFolder } from '../download/cache-layout.ts';
import type { HubSource } from '../download/contract.ts';
import { SOURCES } from '../download/sources.ts';
import { Fault } from '../faults.ts';
import { listCachedModels, type CachedModel } from './cached-models.ts';
import { ConvertedRepo } from './converted-repo.ts';
import type { CacheFolders } from './places.ts';
import { parseHubReference } from './reference.ts';
import { promptsOf } from './prompts.ts';
import { removeFromCache } from './remove-from-cache.ts';

export interface Removal {
  /** A file or a folder with all that is in it. */
  path: string;
  sizeBytes: number;
  /** For a file of the hub's cache: the snapshot that it is taken from. */
  snapshot: string | null;
}

/** What `remove TARGET` would take away. Faults: MODEL_MISSING, BAD_OPTION. */
export function planRemoval(target: string, folders: CacheFolders): Removal[] {
  const models = listCachedModels(folders);
  const file = models.find(({ place, path }) => place === 'converted' && isNamed(path, target));
  if (file !== undefined)
    return [file.path, promptsOf(file.path), noteOf(wholeNameOf(file.path) ?? file.path)]
      .filter(isThere)
      .map(removalOf);
  const { repo, revision, quantization } = parseHubReference(target);
  if (revision !== null)
    throw new Fault('BAD_OPTION', {
      option: target,
      problem: 'one revision alone cannot be removed, because revisions share files',
      hint: `remove all of it: qwen-embed remove ${repo}`,
    });
  const named = models.filter(({ name }) => name.toLowerCase() === repo.toLowerCase());
  const removals = quantization === null ? planWhole(repo, folders) : planType(named, quantization);
  if (removals.length > 0) return removals;
  throw new Fault('MODEL_MISSING', {
    path: target,
    problem: 'nothing of it is cached',
    hint: 'see what is there with: qwen-embed list',
  });
}

export function carryOutRemoval({ path, snapshot }: Removal): void {
  if (snapshot === null) rmSync(path, { recursive: true, force: true });
  else removeFromCache({ folder: snapshot }, relative(snapshot, path));
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const isNamed = (path: string, target: string): boolean =>
  resolve(target) === path || basename(path) === target;

function planWhole(repo: string, { hubFolder, cacheFolder }: CacheFolders): Removal[] {
  const hub = { cacheFolder: hubFolder };
  const converted = (Object.keys(SOURCES) as HubSource[]).map(
    (source) => new ConvertedRepo(cacheFolder, { source, repo }).folder,
  );
  return [repoFolder(hub, repo), locksFolder(hub, repo), ...converted].filter(isThere).map(removalOf);
}

function planType(named: readonly CachedModel[], quantization: string): Removal[] {
  return named
    .filter(({ type, path }) => type.toUpperCase() === quantization && path.endsWith('.gguf'))
    .map(({ path, place, sizeBytes, commit }) => ({
      path,
      sizeBytes,
      snapshot: place === 'hub' ? path.slice(0, path.indexOf(String(commit)) + String(commit).length) : null,
    }));
}

function removalOf(path: string): Removal {
  return { path, sizeBytes: measure(path), snapshot: null };
}

/** Bytes that go free: links count as nothing. */
function measure(path: string): number {
  const found = lstatSync(path);
  if (!found.isDirectory()) return found.isFile() ? found.size : 0;
  return namesIn(path).reduce((sum, name) => sum + measure(join(path, name)), 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
