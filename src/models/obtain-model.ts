// Owns the answer to "a file to serve for this repository": one that was converted before, one that lies in the hub's
// cache, or one that is fetched now, in this order. A branch is asked for once: later starts use the commit that it meant
// then, without network; `qwen-embed download` asks again.
import { join } from 'node:path';
import type { Outtype } from '../convert/tensor-plan.ts';
import type { HubSettings, RepoListing } from '../download/contract.ts';
import { listCached, listRepo } from '../download/list-repo.ts';
import { acquireLock, type HeldLock } from '../download/lock.ts';
import { openHub, type Hub } from '../download/open-hub.ts';
import { planDownload } from '../download/plan-download.ts';
import { chooseWeights, type WeightsChoice } from './choose-weights.ts';
import { Fault } from '../faults.ts';
import { ConvertedRepo } from './converted-repo.ts';
import { fetchAndConvert, type FetchOptions } from './fetch-and-convert.ts';
import { fetchGguf } from './fetch-gguf.ts';
import { planFetch, wantConversion } from './plan-fetch.ts';
import type { HubReference } from './reference.ts';
import { readDistantConfig, type JudgeModel } from './survey-repo.ts';

export interface ObtainOptions extends FetchOptions {
  reference: HubReference;
  hubSettings: HubSettings;
  /** Where converted files are kept. */
  cacheFolder: string;
  /** For safetensors, where the reference names no type. */
  outtype: Outtype;
  /** Fetched weights stay after the conversion. */
  keepSafetensors: boolean;
  judge: JudgeModel;
}

export interface ObtainedModel {
  file: string;
  commit: string;
  /** Of the weights, as the choice or the conversion calls it. */
  type: string;
  origin: 'converted before' | 'in the cache' | 'fetched';
}

/** Faults: those of the download, of `convert` and of the judge. */
export async function obtainModel(options: ObtainOptions): Promise<ObtainedModel> {
  const { reference, hubSettings, report, signal } = options;
  const repo = repoOf(options);
  const before = findConverted(options);
  if (before !== null) return before;
  const lock = await acquireLock(join(repo.folder, 'lock'), {
    staleMs: hubSettings.timing.lockStaleMs,
    signal,
    onWait: (holder) => {
      report({ kind: 'waiting', reason: 'lock', path: reference.repo, holder });
    },
  });
  try {
    // Whoever waited finds what the other one has made.
    return findConverted(options) ?? (await obtainFromHub({ repo, lock }, options));
  } finally {
    await lock.release();
  }
}

type Wanted = Pick<ObtainOptions, 'reference' | 'hubSettings' | 'cacheFolder' | 'outtype'>;

function repoOf({ cacheFolder, hubSettings, reference }: Wanted): ConvertedRepo {
  return new ConvertedRepo(cacheFolder, { source: hubSettings.source, repo: reference.repo });
}

/** What an earlier run has converted, without any request; null when there is nothing. */
export function findConverted(wanted: Wanted): ObtainedModel | null {
  const { revision, quantization } = wanted.reference;
  const type = quantization?.toLowerCase() ?? wanted.outtype;
  const found = repoOf(wanted).findFile(revision, type);
  return found === null ? null : { ...found, type, origin: 'converted before' };
}

interface Held {
  repo: ConvertedRepo;
  /** On all that is kept of the repository. */
  lock: HeldLock;
}

async function obtainFromHub(held: Held, options: ObtainOptions): Promise<ObtainedModel> {
  const hub = await openHub(options.hubSettings);
  try {
    return await obtainWith(hub, held, options);
  } finally {
    await hub.close();
  }
}

async function obtainWith(hub: Hub, { repo, lock }: Held, options: ObtainOptions): Promise<ObtainedModel> {
  const { reference, report, signal } = options;
  const wanted = {
    repo: reference.repo,
    revision: repo.readCommit(reference.revision) ?? reference.revision,
  };
  const cached = await findWhole({ hub, repo, wanted }, options);
  const listing = cached ?? (await listRepo(hub, wanted, { signal }));
  if (listing.notice !== null) report({ kind: 'notice', text: listing.notice });
  const choice = choose(listing, reference);
  const about = { commit: listing.commit, origin: cached === null ? 'fetched' : 'in the cache' } as const;
  if (choice.kind === 'gguf') {
    const file = await fetchGguf({ hub, listing, path: choice.file }, options);
    await repo.keepCommit(reference.revision, listing.commit);
    return { ...about, file, type: choice.quantization };
  }
  const conversion = wantConversion({ hub, listing, choice, repo }, options);
  const { file, outtype: type } = conversion;
  // By another name of the commit, or by a run that ended before it could name it.
  const before = repo.findFile(listing.commit, type);
  if (before !== null) {
    await repo.keepCommit(reference.revision, listing.commit);
    return { ...before, type, origin: 'converted before' };
  }
  await options.judge(await readDistantConfig({ hub, listing, choice }, signal));
  const checkHeld = async (): Promise<void> => {
    const problem = 'another process has taken this conversion over; run the command again';
    if (!(await lock.isHeld())) throw new Fault('FILE_UNWRITABLE', { path: file, problem });
  };
  await fetchAndConvert({ ...conversion, repo, checkHeld }, options);
  await repo.keepCommit(reference.revision, listing.commit);
  return { ...about, file, type };
}

/** What the cache holds of the wanted weights, if that and the converted part of them is all. */
async function findWhole(
  { hub, repo, wanted }: { hub: Hub; repo: ConvertedRepo; wanted: { repo: string; revision: string | null } },
  options: ObtainOptions,
): Promise<RepoListing | null> {
  const listing = await listCached(hub, wanted);
  // A snapshot alone does not tell what is missing from it; offline it is all there is, and listRepo gives it.
  if (listing === null || listing.from === 'snapshot') return null;
  try {
    const choice = choose(listing, options.reference);
    const { missingBytes } =
      choice.kind === 'gguf'
        ? await planDownload(hub, listing, {
            files: listing.files.filter(({ path }) => path === choice.file),
            destination: { kind: 'cache' },
          })
        : await planFetch(wantConversion({ hub, listing, choice, repo }, options));
    return missingBytes === 0 ? listing : null;
  } catch (error) {
    // The branch may have gained since what the cached list lacks.
    if (error instanceof Fault) return null;
    throw error;
  }
}

function choose({ repo, files }: RepoListing, { quantization }: HubReference): WeightsChoice {
  return chooseWeights({ repo, paths: files.map(({ path }) => path), quantization });
}
