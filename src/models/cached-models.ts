// Owns the look at what is on this disk: repositories in the hub's cache that this program can serve, and converted files.
// Only reads; other programs' models in the same cache are passed by.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { INDEX_FILE } from '../convert/checkpoint.ts';
import { wholeNameOf } from '../convert/unfinished.ts';
import { quantizationOf } from './choose-weights.ts';
import type { CacheFolders } from './places.ts';

export interface CachedModel {
  /** `owner/name`; for a folder that was converted, the folder's name. */
  name: string;
  place: 'hub' | 'converted';
  /** Null for what comes from no repository, and for unfinished files. */
  commit: string | null;
  /** `safetensors`, or the type of a .gguf file's weights, or `incomplete`, `no weights`, `unfinished`. */
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
  const found: Found[] = ggufs.map(({ path, sizeBytes, lastUsedMs }) => ({
    path,
    sizeBytes,
    lastUsedMs,
    type: quantizationOf(relative(folder, path)) ?? 'gguf',
  }));
  if (!isQwen3(join(folder, 'config.json'))) return found;
  const others = files.filter((file) => !ggufs.includes(file));
  const shards = others.flatMap(({ path }) => (path.endsWith('.safetensors') ? [basename(path)] : []));
  const isWhole = listIndexed(folder).every((shard) => shards.includes(shard));
  const type = shards.length === 0 ? 'no weights' : isWhole ? 'safetensors' : 'incomplete';
  return [...found, { ...sumUp(others), path: folder, type }];
}

/** File names of the shards that an index names; none without one. */
function listIndexed(folder: string): string[] {
  const index = readJson(join(folder, INDEX_FILE)) as { weight_map?: Record<string, string> } | null;
  return Object.values(index?.weight_map ?? {});
}

/** Partial files of this program, which other programs do not touch. */
function listUnfinished(folder: string): Found[] {
  const partials = filesIn(join(folder, 'blobs')).filter(({ path }) => /\.qwen-embed\.partial$/.test(path));
  return partials.length === 0 ? [] : [{ ...sumUp(partials), path: folder, type: 'unfinished' }];
}

function isQwen3(path: string): boolean {
  return (readJson(path) as { model_type?: unknown } | null)?.model_type === 'qwen3';
}

/** Null for what cannot be read. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Of this program's own cache alone. */
export function listConverted(cacheFolder: string): CachedModel[] {
  const folder = join(cacheFolder, 'converted');
  return filesIn(folder).flatMap(({ allocatedBytes, ...file }): CachedModel[] => {
    const whole = wholeNameOf(file.path);
    if (!(whole ?? file.path).endsWith('.gguf')) return [];
    const about = describeConverted(relative(folder, whole ?? file.path));
    const unfinished = { type: 'unfinished', sizeBytes: allocatedBytes };
    return [{ place: 'converted', ...file, ...about, ...(whole === null ? {} : unfinished) }];
  });
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
  /** Holes left out. */
  allocatedBytes: number;
  lastUsedMs: number;
}

/** Every file below the folder, links followed; those that lead nowhere left out. */
function filesIn(folder: string): FileFacts[] {
  return namesIn(folder, true).flatMap((name) => {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return [];
    const { size: sizeBytes, blocks, atimeMs, mtimeMs } = found;
    const allocatedBytes = Math.min(sizeBytes, 512 * blocks);
    return [{ path, sizeBytes, allocatedBytes, lastUsedMs: Math.max(atimeMs, mtimeMs) }];
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
