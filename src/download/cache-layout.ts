// Where everything lies in the hub's cache, which Python's tools share, and in a chosen folder. Names only, no disk:
//
//   CACHE/models--OWNER--NAME/refs/main                 the commit's 40 digits
//                             blobs/HEX                 content under its own digest
//                             blobs/HEX.qwen-embed.*    our partial files, which Python's tools pass by
//                             snapshots/COMMIT/PATH     relative link to the blob, or a file where links fail
//                             trees/COMMIT.json         list of the commit's files
//   CACHE/.locks/models--OWNER--NAME/HEX.qwen-embed.lock
//   FOLDER/PATH                                         real files
//   FOLDER/.cache/huggingface/download/PATH.metadata    commit, digest and time of a file
import { join, posix, resolve } from 'node:path';
import type { Destination, HubSettings, RepoFile } from './contract.ts';

/** One file's places: at work, at rest, and under the name that readers use. */
export interface FilePlace {
  /** Grows here; next to it lies PARTIAL.ranges. */
  partialPath: string;
  lockPath: string;
  /** Where verified content goes first; in a folder the same as `finalPath`. */
  restPath: string;
  finalPath: string;
  /** What `finalPath` links to, relative to its folder; null where it is the file itself. */
  linkTarget: string | null;
  /** Where the folder's file is described; null in the cache. */
  metadataPath: string | null;
  /** The same content in the cache, if it is there; null for the cache itself. */
  cachedBlobPath: string | null;
}

export interface RepoPlaces {
  /** Holds blobs, refs and snapshots. */
  repoFolder: string;
  /** Holds the files under their own names. */
  filesFolder: string;
  treePath: string;
  place(file: Pick<RepoFile, 'path' | 'digest'>): FilePlace;
}

const PARTIAL = 'qwen-embed.partial';
const LOCK = 'qwen-embed.lock';

type Cache = Pick<HubSettings, 'cacheFolder'>;

export const repoFolder = ({ cacheFolder }: Cache, repo: string): string =>
  join(cacheFolder, repoFolderName(repo));

export const locksFolder = ({ cacheFolder }: Cache, repo: string): string =>
  join(cacheFolder, '.locks', repoFolderName(repo));

const repoFolderName = (repo: string): string => `models--${repo.replaceAll('/', '--')}`;

export const treePath = (folder: string, commit: string): string => join(folder, 'trees', `${commit}.json`);

export function placesFor(
  settings: HubSettings,
  { repo, commit }: { repo: string; commit: string },
  destination: Destination,
): RepoPlaces {
  return destination.kind === 'cache'
    ? cachePlaces(settings, repo, commit)
    : folderPlaces(settings, repo, { commit, folder: resolve(destination.path) });
}

function cachePlaces(settings: HubSettings, repo: string, commit: string): RepoPlaces {
  const folder = repoFolder(settings, repo);
  const filesFolder = join(folder, 'snapshots', commit);
  const locks = locksFolder(settings, repo);
  return {
    repoFolder: folder,
    filesFolder,
    treePath: treePath(folder, commit),
    place: ({ path, digest: { hex } }) => {
      const blob = join(folder, 'blobs', hex);
      const finalPath = join(filesFolder, path);
      const up = '../'.repeat(path.split('/').length + 1);
      return {
        partialPath: `${blob}.${PARTIAL}`,
        lockPath: join(locks, `${hex}.${LOCK}`),
        restPath: blob,
        finalPath,
        linkTarget: settings.symlinks ? posix.join(up, 'blobs', hex) : null,
        metadataPath: null,
        cachedBlobPath: null,
      };
    },
  };
}

/** What is noted of a chosen folder lies in it. */
export const ownFolder = (folder: string): string => join(folder, '.cache', 'huggingface');

function folderPlaces(
  settings: HubSettings,
  repo: string,
  { commit, folder }: { commit: string; folder: string },
): RepoPlaces {
  const own = ownFolder(folder);
  const blobs = join(repoFolder(settings, repo), 'blobs');
  return {
    repoFolder: own,
    filesFolder: folder,
    treePath: treePath(own, commit),
    place: ({ path, digest: { hex } }) => ({
      partialPath: join(own, 'download', `${path}.${hex}.${PARTIAL}`),
      lockPath: join(own, 'download', `${path}.${LOCK}`),
      restPath: join(folder, path),
      finalPath: join(folder, path),
      linkTarget: null,
      metadataPath: join(own, 'download', `${path}.metadata`),
      cachedBlobPath: join(blobs, hex),
    }),
  };
}
