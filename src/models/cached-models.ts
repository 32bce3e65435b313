// Owns the look at what is on this disk: repositories in the hub's cache that this program can serve, and converted files.
// Only reads; other programs' models in the same cache are passed by.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { quantizationOf } from './choose-weights.ts';
import type { CacheFolders } from './places.ts';

export interface CachedModel {
  /** `owner/name`; for a folder that was converted, the folder's name. */
  name: string;
  place: 'hub' | 'converted';
  /** Null for what comes from no repository, and for unfinished files. */
  commit: string | null;
  /** `safetensors`, or the type of a .gguf file's weights, or `unfinished`. */
  type: string;
  sizeBytes: number;
  /** A .gguf file, or the folder that holds the rest. */
  path: string;
  lastUsedMs: number;
}

const HUB_FOLDER = /^models--(.+?)--(.+)$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** By name, then by type. */
export function listCachedModels({ hubFolder, cacheFolder }: CacheFolders): CachedModel[] {
  const models = [...listHub(hubFolder), ...listConverted(cacheFolder)];
  return models.sort((a, b) => compare(a.name, b.name) || compare(a.type, b.type));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function listHub(hubFolder: string): CachedModel[] {
  return namesIn(hubFolder).flatMap((folder) => {
    const [, owner, name] = HUB_FOLDER.exec(folder) ?? [];
    if (owner === undefined || name === undefined) return [];
    const repo = { name: `${owner}/${name}`, place: 'hub' } as const;
    const snapshots = join(hubFolder, folder, 'snapshots');
    return [
      ...namesIn(snapshots)
        .filter((commit) => COMMIT.test(commit))
        .flatMap((commit) =>
          listSnapshot(join(snapshots, commit)).map((found) => ({ ...repo, commit, ...found })),
        ),
      ...listUnfinished(join(hubFolder, folder)).map((found) => ({ ...repo, commit: null, ...found })),
    ];
  });
}

type Found = Pick<CachedModel, 'type' | 'sizeBytes' | 'path' | 'lastUsedMs'>;

function listSnapshot(folder: string): Found[] {
  const files = filesIn(folder);
  const ggufs = files.filter(({ path }) => path.endsWith('.gguf'));
  const found: Found[] = ggufs.map((file) => ({
    ...file,
    type: quantizationOf(relative(folder, file.path)) ?? 'gguf',
  }));
  if (!isQwen3(join(folder, 'config.json'))) return found;
  const others = files.filter((file) => !ggufs.includes(file));
  const hasWeights = others.some(({ path }) => path.endsWith('.safetensors'));
  return [...found, { ...sumUp(others), path: folder, type: hasWeights ? 'safetensors' : 'no weights' }];
}

/** Partial files of this program, which other programs do not touch. */
function listUnfinished(folder: string): Found[] {
  const partials = filesIn(join(folder, 'blobs')).filter(({ path }) => /\.qwen-embed\.partial$/.test(path));
  return partials.length === 0 ? [] : [{ ...sumUp(partials), path: folder, type: 'unfinished' }];
}

function isQwen3(path: string): boolean {
  try {
    const config = JSON.parse(readFileSync(path, 'utf8')) as { model_type?: unknown };
    return config.model_type === 'qwen3';
  } catch {
    return false;
  }
}

/** Of this program's own cache alone. */
export function listConverted(cacheFolder: string): CachedModel[] {
  const folder = join(cacheFolder, 'converted');
  return filesIn(folder)
    .filter(({ path }) => path.endsWith('.gguf'))
    .map((file) => ({ place: 'converted', ...file, ...describeConverted(relative(folder, file.path)) }));
}

/** The names are those that converted-repo.ts and convert-to-cache.ts give. */
function describeConverted(path: string): Pick<CachedModel, 'name' | 'commit' | 'type'> {
  const parts = path.split(/[/\\]/);
  const [, title = basename(path), type = 'gguf'] =
    /^(.*)-(f32|f16|bf16|q8_0|auto)-(?:v\d+|[0-9a-f]{20})\.gguf$/.exec(basename(path)) ?? [];
  const [, , repo = '', commit = null] = parts[0] === 'hub' ? parts : [];
  return { name: repo === '' ? title : repo.replace('--', '/'), commit, type };
}

interface FileFacts {
  path: string;
  sizeBytes: number;
  lastUsedMs: number;
}

/** Every file below the folder, links followed; those that lead nowhere left out. */
function filesIn(folder: string): FileFacts[] {
  return namesIn(folder, true).flatMap((name) => {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return [];
    return [{ path, sizeBytes: found.size, lastUsedMs: Math.max(found.atimeMs, found.mtimeMs) }];
  });
}

function sumUp(files: readonly FileFacts[]): Pick<FileFacts, 'sizeBytes' | 'lastUsedMs'> {
  return {
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    lastUsedMs: Math.max(0, ...files.map(({ lastUsedMs }) => lastUsedMs)),
  };
}

function namesIn(folder: string, recursive = false): string[] {
  try {
    return readdirSync(folder, { recursive, encoding: 'utf8' });
  } catch {
    return [];
  }
}
