// Which files a repository has at a revision. The revision becomes a commit here, once; whatever follows uses the commit.
// Asks the hub only for what the cache cannot know; falls back on the cache, and says so, when the hub is out of reach.
import { Fault } from '../faults.ts';
import { ownFolder, repoFolder } from './cache-layout.ts';
import type { RepoFile, RepoListing } from './contract.ts';
import { listSnapshot, readKeptListing, readRef } from './kept-listings.ts';
import { isCommit, isRepoName, isRevisionName } from './names.ts';
import type { Hub } from './open-hub.ts';
import { SOURCES } from './sources.ts';

/**
 * `revision` null = the source's default branch. No request for a commit whose list is cached, none when offline.
 * Faults: HUB_*, REPO_*, REVISION_UNKNOWN, BAD_OPTION.
 */
export async function listRepo(
  hub: Hub,
  wanted: { repo: string; revision: string | null },
  {
    signal = new AbortController().signal,
    localFolder = null,
  }: {
    signal?: AbortSignal;
    /** A chosen folder, which keeps lists of its own. */ localFolder?: string | null;
  } = {},
): Promise<RepoListing> {
  const { settings } = hub;
  const rules = SOURCES[settings.source];
  const { repo, revision } = checkNames(wanted.repo, wanted.revision ?? rules.defaultBranch);
  const folder = repoFolder(settings, repo);
  const about = { source: settings.source, repo, revision };
  const known = (commit: string): RepoFile[] | null =>
    readKeptListing(folder, commit) ??
    (localFolder === null ? null : readKeptListing(ownFolder(localFolder), commit));
  const kept = isCommit(revision) ? known(revision) : null;
  if (kept !== null) return { ...about, commit: revision, files: kept, from: 'cache', notice: null };
  if (settings.offline) {
    const listing = await listFromDisk(hub, about, null);
    if (listing === null)
      throw new Fault('HUB_OFFLINE', { repo, revision, problem: `it is not in ${settings.cacheFolder}` });
    return listing;
  }
  try {
    const { commit, files } = await rules.list(hub, { repo, revision }, { signal, known });
    return { ...about, commit, files, from: 'hub', notice: null };
  } catch (error) {
    if (!(error instanceof Fault) || !OUT_OF_REACH.includes((error as Fault).code)) throw error;
    const listing = await listFromDisk(hub, about, (error as Fault).message);
    if (listing === null) throw error;
    return listing;
  }
}

/** The newest listing on disk, without any request; null when there is none. */
export async function listCached(
  hub: Hub,
  wanted: { repo: string; revision: string | null },
): Promise<RepoListing | null> {
  const { source } = hub.settings;
  const named = checkNames(wanted.repo, wanted.revision ?? SOURCES[source].defaultBranch);
  return listFromDisk(hub, { source, ...named }, null);
}

// Being told to wait is as good a reason as silence: what is here is whole.
const OUT_OF_REACH: readonly string[] = ['HUB_UNREACHABLE', 'HUB_FAILED', 'HUB_RATE_LIMITED'];

async function listFromDisk(
  { settings }: Hub,
  about: Pick<RepoListing, 'source' | 'repo' | 'revision'>,
  problem: string | null,
): Promise<RepoListing | null> {
  const { repo, revision } = about;
  const folder = repoFolder(settings, repo);
  const commit = isCommit(revision)
    ? revision
    : await readRef(folder, SOURCES[settings.source].refName(revision));
  if (commit === null) return null;
  const notice = problem === null ? null : `${problem}; using ${repo} as it was last fetched (${commit})`;
  const kept = readKeptListing(folder, commit);
  if (kept !== null) return { ...about, commit, files: kept, from: 'cache', notice };
  const found = await listSnapshot(folder, commit);
  return found === null ? null : { ...about, commit, files: found, from: 'snapshot', notice };
}

function checkNames(repo: string, revision: string): { repo: string; revision: string } {
  if (!isRepoName(repo))
    throw new Fault('BAD_OPTION', {
      option: 'model',
      problem: `${JSON.stringify(repo)} is no name of a repository`,
      hint: 'names look like Qwen/Qwen3-Embedding-0.6B',
    });
  if (!isRevisionName(revision)) throw new Fault('REVISION_UNKNOWN', { repo, revision });
  return { repo, revision };
}
