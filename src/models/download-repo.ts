// Owns which files `download` means: those that match the patterns, or without patterns those that a launch would fetch.
// What was asked for by name is the user's: a later launch converts it and leaves it.
import type { DownloadOptions, DownloadPlan, RepoFile, RepoListing, Snapshot } from '../download/contract.ts';
import { listRepo } from '../download/list-repo.ts';
import type { Hub } from '../download/open-hub.ts';
import { planDownload } from '../download/plan-download.ts';
import { selectFiles } from '../download/select-files.ts';
import { startDownload } from '../download/start-download.ts';
import { Fault } from '../faults.ts';
import { chooseWeights, pathsOf } from './choose-weights.ts';
import { ConvertedRepo } from './converted-repo.ts';
import type { HubReference } from './reference.ts';

interface WantedDownload {
  reference: HubReference;
  include: readonly string[] | null;
  exclude: readonly string[] | null;
  /** Null = into the cache. */
  localDir: string | null;
}

/** Faults: those of the listing and of the choice, BAD_OPTION where nothing matches. */
export async function planRepoDownload(
  hub: Hub,
  wanted: WantedDownload,
  signal: AbortSignal,
): Promise<DownloadPlan> {
  const { reference, localDir } = wanted;
  const listing = await listRepo(hub, reference, { signal, localFolder: localDir });
  const files = choose(listing, wanted);
  if (files.length === 0)
    throw new Fault('BAD_OPTION', {
      option: '--include',
      problem: `no file of ${listing.repo} is left by the patterns`,
      hint: `see all of them: qwen-embed download ${listing.repo} --include '*' --dry-run`,
    });
  const destination =
    localDir === null ? ({ kind: 'cache' } as const) : ({ kind: 'folder', path: localDir } as const);
  return planDownload(hub, listing, { files, destination });
}

function choose(listing: RepoListing, { reference, include, exclude }: WantedDownload): RepoFile[] {
  const kept = selectFiles(listing, { exclude: exclude ?? [], ...(include === null ? {} : { include }) });
  if (include !== null) return kept;
  const paths = kept.map(({ path }) => path);
  const needed = new Set(pathsOf(chooseWeights({ ...reference, paths })));
  return kept.filter(({ path }) => needed.has(path));
}

interface Keeping {
  reference: HubReference;
  cacheFolder: string;
}

/**
 * Later launches use this commit for the revision, and leave its files in the cache. Faults: those of the download,
 * FILE_UNWRITABLE.
 */
export async function carryOutDownload(
  { hub, plan }: { hub: Hub; plan: DownloadPlan },
  { reference, cacheFolder }: Keeping,
  options: DownloadOptions,
): Promise<Snapshot> {
  const snapshot = await startDownload(hub, plan, options).done;
  const { listing, destination, files } = plan;
  if (destination.kind !== 'cache') return snapshot;
  const repo = new ConvertedRepo(cacheFolder, listing);
  await repo.keepCommit(reference.revision, listing.commit);
  await repo.keepFetched(listing.commit, []);
  // A launch at work on the same files may have removed some before.
  const after = await planDownload(hub, listing, { files, destination });
  return after.missingBytes === 0 ? snapshot : startDownload(hub, after, options).done;
}
