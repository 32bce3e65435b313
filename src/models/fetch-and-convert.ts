// Owns the way from a repository's safetensors to one converted file: the small files first, then the shards in the
// converter's order, each converted while it comes. What was fetched for this alone leaves the disk as soon as it is
// verified and converted, and only then does the next shard come; what was there before stays.
// A run that ends before leaves the unfinished file and what has come of a shard: the next one goes on from both.
import { basename, dirname, join } from 'node:path';
import { BytesWithdrawn, readArrivingShard, type ArrivingShard } from '../convert/arriving-shard.ts';
import { convert, type ConvertOptions } from '../convert/convert.ts';
import { NoteUnfit, removeUnfinished, type NotedShard } from '../convert/unfinished.ts';
import { placesFor } from '../download/cache-layout.ts';
import type { DownloadPlan, PlannedFile, ReportDownload, RunningDownload } from '../download/contract.ts';
import { orLocalFault } from '../download/local-disk.ts';
import { startDownload } from '../download/start-download.ts';
import { Fault } from '../faults.ts';
import { makeFolder } from '../folders.ts';
import type { ConvertedRepo } from './converted-repo.ts';
import { GrowingFiles } from './growing-files.ts';
import { identityOf, isShard, planFetch, readConverted, type WantedConversion } from './plan-fetch.ts';
import { carryPrompts } from './prompts.ts';
import { removeFromCache } from './remove-from-cache.ts';
import { ShardTurns } from './shard-turns.ts';

export interface FetchOptions extends Pick<ConvertOptions, 'onProgress' | 'onWarning'> {
  report: ReportDownload;
  signal: AbortSignal;
}

interface Work extends WantedConversion {
  repo: ConvertedRepo;
  /** Rejects when another process may be at work on the same repository. */
  checkHeld: () => Promise<void>;
}

/** Resolves with the converted file. Faults: those of `convert` and of the download. */
export async function fetchAndConvert(work: Work, options: FetchOptions): Promise<string> {
  const { file, repo, listing } = work;
  await orLocalFault(file, () => makeFolder(dirname(file)));
  await repo.removeUnfinishedBut(file);
  try {
    await goOn(work, options);
  } catch (error) {
    if (!(error instanceof NoteUnfit)) throw error;
    await removeUnfinished(file);
    await goOn(work, options);
  }
  await repo.keepFetched(listing.commit, []);
  return file;
}

/** From what an earlier run has left, if there was one. */
async function goOn(work: Work, options: FetchOptions): Promise<void> {
  const plan = await planFetch(work);
  const shards = plan.files.filter((one) => isShard(work, one));
  const converted = [...readConverted(work).keys()];
  const turns = new ShardTurns(await rememberFetched(work, shards));
  const shardOver = async (path: string): Promise<void> => {
    await dropFetched(work, plan, path);
    turns.leave(path);
  };
  if (converted.length > 0) {
    const all = String(work.choice.shards.length);
    options.report({
      kind: 'notice',
      text: `${String(converted.length)} of ${all} files of weights are converted already`,
    });
  }
  // The run that converted them may have ended before it removed them.
  for (const path of converted) await shardOver(path);
  await runTogether({ work, plan, turns, shardOver }, options);
}

interface Together {
  work: Work;
  plan: DownloadPlan;
  turns: ShardTurns;
  shardOver: (path: string) => Promise<void>;
}

/** The download and the conversion that follows it: whatever fails on one side ends the other. */
async function runTogether({ work, plan, turns, shardOver }: Together, options: FetchOptions): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const growing = new GrowingFiles();
  const download = startDownload(work.hub, plan, {
    report: options.report,
    onGrowth: (growth) => {
      growing.tell(growth);
    },
    turnOf: (path) => turns.turnOf(path),
    signal,
  });
  // It may fail while the conversion is still being stopped; that is awaited first.
  download.done.catch(() => undefined);
  try {
    await convertFollowing({ work, plan, download, growing, shardOver }, { ...options, signal });
    await download.done;
  } catch (error) {
    end.abort(error);
    await download.done.catch(() => undefined);
    throw error;
  }
}

/** Paths of the weights that are here for the conversion only; what an interrupted run has fetched is still its own. */
async function rememberFetched(work: Work, shards: readonly PlannedFile[]): Promise<string[]> {
  const { repo, listing, keepSafetensors } = work;
  if (keepSafetensors) {
    await repo.keepFetched(listing.commit, []);
    return [];
  }
  const before = repo.readFetched(listing.commit);
  const missing = shards.filter(({ state }) => state !== 'complete').map(({ path }) => path);
  const fetched = [...new Set([...before, ...missing])];
  if (missing.length > 0) await repo.keepFetched(listing.commit, fetched);
  return shards.map(({ path }) => path).filter((path) => fetched.includes(path));
}

/** Somebody may have asked for the files by name in the meantime: then they are no longer this program's to remove. */
async function dropFetched({ repo, hub, listing }: Work, plan: DownloadPlan, path: string): Promise<void> {
  const file = listing.files.find((one) => one.path === path);
  if (file === undefined || !repo.readFetched(listing.commit).includes(path)) return;
  const { restPath } = placesFor(hub.settings, listing, plan.destination).place(file);
  await orLocalFault(restPath, () => {
    removeFromCache(plan, path, restPath);
    return Promise.resolve();
  });
}

interface Conversion extends Omit<Together, 'turns'> {
  download: RunningDownload;
  /** Null = shards are read once they are whole. */
  growing: GrowingFiles | null;
}

/** What was read before it was verified may have been wrong: then it is converted anew, from verified files. */
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
  conversion: Conversion,
  { onProgress, onWarning, signal }: FetchOptions,
): Promise<void> {
  const { work, plan, download, shardOver } = conversion;
  const { file, outtype, checkHeld, choice } = work;
  const small = plan.files.filter((one) => !isShard(work, one));
  await Promise.all(small.map(({ path }) => download.ready(path)));
  carryPrompts(plan.folder, file);
  const converted = readConverted(work);
  const arriving = await Promise.all(
    choice.shards.map((path) => {
      const shard = converted.get(path);
      return shard === undefined
        ? announceShard(path, conversion)
        : Promise.resolve(recallShard(shard, plan));
    }),
  );
  await convert({
    modelFolder: plan.folder,
    // The folder is called after the commit.
    folderName: basename(plan.listing.repo),
    arriving,
    outfile: file,
    outtype,
    isForServing: true,
    signal,
    resumable: { onShardOver: shardOver, checkHeld },
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onWarning === undefined ? {} : { onWarning }),
  });
}

/** It is in the unfinished file, and no longer here. */
function recallShard({ name, identity, tensors }: NotedShard, { folder }: DownloadPlan): ArrivingShard {
  const path = join(folder, name);
  return {
    name,
    path,
    identity,
    tensors: tensors.map((tensor) => ({ ...tensor, path })),
    whole: Promise.resolve(path),
  };
}

function announceShard(path: string, { plan, download, growing }: Conversion): Promise<ArrivingShard> {
  const file = plan.files.find((one) => one.path === path);
  if (file === undefined) throw new Fault('BUG', { problem: `${path} is neither converted nor fetched` });
  return readArrivingShard({
    name: path,
    path: file.finalPath,
    identity: identityOf(file),
    sizeBytes: file.sizeBytes,
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
