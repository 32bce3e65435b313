// Owns the way from a repository's safetensors to one converted file: the small files first, then the shards in the
// converter's order, each converted while it comes. The converted file gets its name when all of them are verified.
// Weights that were fetched for this alone are removed once the converted file is whole; what was there before stays.
import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { BytesWithdrawn, readArrivingShard, type ArrivingShard } from '../convert/arriving-shard.ts';
import { convert, type ConvertOptions } from '../convert/convert.ts';
import type { Outtype } from '../convert/tensor-plan.ts';
import type {
  DownloadPlan,
  PlannedFile,
  RepoListing,
  ReportDownload,
  RunningDownload,
} from '../download/contract.ts';
import { orLocalFault } from '../download/local-disk.ts';
import type { Hub } from '../download/open-hub.ts';
import { planDownload } from '../download/plan-download.ts';
import { startDownload } from '../download/start-download.ts';
import { Fault } from '../faults.ts';
import { pathsOf, type WeightsChoice } from './choose-weights.ts';
import type { ConvertedRepo } from './converted-repo.ts';
import { GrowingFiles } from './growing-files.ts';
import { carryPrompts } from './prompts.ts';
import { removeFromCache } from './remove-from-cache.ts';

export interface FetchOptions extends Pick<ConvertOptions, 'onProgress' | 'onWarning'> {
  keepSafetensors: boolean;
  report: ReportDownload;
  signal: AbortSignal;
}

interface Work {
  hub: Hub;
  listing: RepoListing;
  choice: Extract<WeightsChoice, { kind: 'safetensors' }>;
  repo: ConvertedRepo;
  outtype: Outtype;
}

/** Resolves with the converted file. Faults: those of `convert` and of the download. */
export async function fetchAndConvert(work: Work, options: FetchOptions): Promise<string> {
  const { hub, listing, choice, repo, outtype } = work;
  const wanted = pathsOf(choice);
  const files = listing.files
    .filter(({ path }) => wanted.includes(path))
    .sort((a, b) => wanted.indexOf(a.path) - wanted.indexOf(b.path));
  const plan = await planDownload(hub, listing, { files, destination: { kind: 'cache' } });
  const shards = plan.files.filter(({ path }) => choice.shards.includes(path));
  const fetched = await rememberFetched(work, shards);
  const file = repo.fileOf(listing.commit, outtype);
  await orLocalFault(file, () => mkdir(dirname(file), { recursive: true }));
  // Whatever fails on one side ends the other.
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const alsoNeedsBytes = sharesDisk(hub.settings.cacheFolder, file) ? estimateBytes(shards, outtype) : 0;
  const growing = new GrowingFiles();
  const download = startDownload(hub, plan, {
    report: options.report,
    onGrowth: (growth) => {
      growing.tell(growth);
    },
    signal,
    alsoNeedsBytes,
  });
  // It may fail while the conversion is still being stopped; that is awaited first.
  download.done.catch(() => undefined);
  try {
    await convertFollowing({ plan, shards, download, growing, file, outtype }, { ...options, signal });
    await download.done;
  } catch (error) {
    end.abort(error);
    await download.done.catch(() => undefined);
    throw error;
  }
  if (!options.keepSafetensors) for (const path of fetched) removeFromCache(plan, path);
  await repo.keepFetched(listing.commit, []);
  return file;
}

// What an interrupted run of this program has fetched is still its own.
async function rememberFetched({ repo, listing }: Work, shards: readonly PlannedFile[]): Promise<string[]> {
  const missing = shards.filter(({ state }) => state !== 'complete').map(({ path }) => path);
  const fetched = [...new Set([...repo.readFetched(listing.commit), ...missing])];
  if (fetched.length > 0) await repo.keepFetched(listing.commit, fetched);
  return fetched;
}

interface Conversion {
  plan: DownloadPlan;
  shards: readonly PlannedFile[];
  download: RunningDownload;
  /** Null = shards are read once they are whole. */
  growing: GrowingFiles | null;
  file: string;
  outtype: Outtype;
}

/** What was read before it was verified may have been wrong: then all is converted anew, from verified files. */
async function convertFollowing(conversion: Conversion, options: FetchOptions): Promise<void> {
  try {
    await convertWhileFetching(conversion, options);
  } catch (error) {
    const mayBeWrong = error instanceof Fault && (error as Fault).code === 'WEIGHTS_CORRUPT';
    if (!mayBeWrong && !(error instanceof BytesWithdrawn)) throw error;
    await convertWhileFetching({ ...conversion, growing: null }, options);
  }
}

async function convertWhileFetching(
  { plan, shards, download, growing, file, outtype }: Conversion,
  { onProgress, onWarning, signal }: FetchOptions,
): Promise<void> {
  const small = plan.files.filter((one) => !shards.includes(one));
  await Promise.all(small.map(({ path }) => download.ready(path)));
  carryPrompts(plan.folder, file);
  const arriving = await Promise.all(shards.map((shard) => announceShard(shard, { download, growing })));
  await convert({
    modelFolder: plan.folder,
    // The folder is called after the commit.
    folderName: basename(plan.listing.repo),
    arriving,
    outfile: file,
    outtype,
    isForServing: true,
    signal,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onWarning === undefined ? {} : { onWarning }),
  });
}

function announceShard(
  shard: PlannedFile,
  { download, growing }: Pick<Conversion, 'download' | 'growing'>,
): Promise<ArrivingShard> {
  const { path, sizeBytes, finalPath } = shard;
  return readArrivingShard({
    name: path,
    path: finalPath,
    sizeBytes,
    readRange: (range) => download.readRange(path, range),
    whole: download.ready(path),
    ...(growing === null
      ? {}
      : {
          follow: (listener) => {
            growing.follow(path, listener);
          },
        }),
  });
}

/** Of the two bytes that a weight has in the repositories of this family. */
const SHARE_KEPT = { f32: 2, f16: 1, bf16: 1, q8_0: 34 / 64 };
/** Vocabulary and merges. */
const HEADER_BYTES = 16_000_000;

function estimateBytes(shards: readonly PlannedFile[], outtype: Outtype): number {
  const weightBytes = shards.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return Math.ceil(weightBytes * SHARE_KEPT[outtype]) + HEADER_BYTES;
}

function sharesDisk(hubFolder: string, file: string): boolean {
  const hub = statSync(hubFolder, { throwIfNoEntry: false });
  return hub === undefined || hub.dev === statSync(dirname(file)).dev;
}
