// A whole download: the files of a plan, several at once, those wanted first leading; each under its final name as soon
// as it is verified. The first fault stops all; what has come stays for the next run.
import { join } from 'node:path';
import { Fault } from '../faults.ts';
import { copyAside, findContent, giveName, sizeOf } from './at-rest.ts';
import { placesFor, type FilePlace, type RepoPlaces } from './cache-layout.ts';
import type {
  DownloadOptions,
  DownloadPlan,
  FileGrowth,
  PlannedFile,
  ReportDownload,
  RunningDownload,
  Snapshot,
} from './contract.ts';
import type { ByteRange } from './byte-ranges.ts';
import { fetchFile } from './fetch-file.ts';
import { RangeUnserved } from './file-link.ts';
import { digestFile } from './follow-digest.ts';
import { keepListing, keepRef } from './kept-listings.ts';
import { replaceFile } from './local-disk.ts';
import { isCommit } from './names.ts';
import type { Hub } from './open-hub.ts';
import { fetchRange, readFileRange } from './read-range.ts';
import { Slots } from './slots.ts';
import { SOURCES } from './sources.ts';

/** Requests in flight: eight ranges of one file, or eight small files. */
const CONNECTIONS = 8;
/** docs/downloads.md has the figures. */
const PART_BYTES = 32 << 20;
/** Those that wait for a slot hold theirs open, so not all of a large repository at once. */
const FILES_AT_ONCE = 8;

/** Checks the free disk, then fetches. A plan with nothing missing makes no request. */
export function startDownload(hub: Hub, plan: DownloadPlan, options: DownloadOptions = {}): RunningDownload {
  const download = new Download(hub, plan, options);
  const done = download.run();
  return {
    done,
    ready: (path) => download.ready(path),
    readRange: (path, range) => download.readRange(path, range),
  };
}

interface Promised {
  promise: Promise<string>;
  resolve: (finalPath: string) => void;
  reject: (reason: unknown) => void;
}

class Download {
  readonly #hub: Hub;
  readonly #plan: DownloadPlan;
  readonly #places: RepoPlaces;
  readonly #report: ReportDownload;
  readonly #onGrowth: (growth: FileGrowth) => void;
  readonly #slots: Slots;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #turnOf: (path: string) => Promise<void>;
  readonly #partBytes: number;
  readonly #promised: ReadonlyMap<string, Promised>;
  /** Kept where a file must not wait for its turn. */
  readonly #hurried: ReadonlyMap<string, Promised>;
  readonly #named = new Set<string>();
  #fetchedBytes = 0;

  constructor(hub: Hub, plan: DownloadPlan, options: DownloadOptions) {
    const { report = () => undefined, signal, connections = CONNECTIONS, partBytes = PART_BYTES } = options;
    this.#hub = hub;
    this.#plan = plan;
    this.#places = placesFor(hub.settings, plan.listing, plan.destination);
    this.#report = report;
    this.#onGrowth = options.onGrowth ?? (() => undefined);
    this.#slots = new Slots(connections);
    this.#signal = AbortSignal.any([this.#stop.signal, ...(signal === undefined ? [] : [signal])]);
    this.#turnOf = options.turnOf ?? (() => Promise.resolve());
    this.#partBytes = partBytes;
    this.#promised = new Map(plan.files.map(({ path }) => [path, promise()]));
    this.#hurried = new Map(plan.files.map(({ path }) => [path, promise()]));
    this.#signal.addEventListener('abort', () => {
      for (const { resolve } of this.#hurried.values()) resolve('');
    });
  }

  async run(): Promise<Snapshot> {
    try {
      await this.#begin();
      await this.#fetchAll();
      return await this.#finish();
    } catch (error) {
      for (const { reject } of this.#promised.values()) reject(error);
      throw error;
    }
  }

  async ready(path: string): Promise<string> {
    return (this.#promised.get(path) ?? this.#unknown(path)).promise;
  }

  async readRange(path: string, range: ByteRange): Promise<Buffer> {
    const { files, listing } = this.#plan;
    const file = files.find((planned) => planned.path === path) ?? this.#unknown(path);
    if (range.start < 0 || range.end > file.sizeBytes || range.start >= range.end)
      throw new Fault('BUG', {
        problem: `${path} has no bytes ${String(range.start)} to ${String(range.end)}`,
      });
    const isOnDisk = this.#named.has(path) || file.state === 'complete' || file.state === 'cached';
    if (!isOnDisk)
      try {
        return await fetchRange({ hub: this.#hub, listing, file }, range, this.#signal);
      } catch (error) {
        if (!(error instanceof RangeUnserved)) throw error;
        // Then the file has to come first.
        this.#hurried.get(path)?.resolve(path);
      }
    return readFileRange(await this.ready(path), range);
  }

  async #begin(): Promise<void> {
    const { listing, files, totalBytes, missingBytes, peakBytes, freeBytes, folder } = this.#plan;
    const { repo, revision, commit } = listing;
    this.#signal.throwIfAborted();
    this.#report({ kind: 'listed', repo, commit, fileCount: files.length, totalBytes, missingBytes });
    const lacking = files.filter(({ state }) => state === 'missing' || state === 'partial');
    if (lacking.length > 0 && this.#hub.settings.offline) {
      const problem = `${String(lacking.length)} of its files are not in ${folder}, first ${lacking[0]?.path ?? ''}`;
      throw new Fault('HUB_OFFLINE', { repo, revision, problem });
    }
    if (freeBytes !== null && peakBytes > freeBytes)
      throw new Fault('DISK_FULL', { path: folder, neededBytes: peakBytes, freeBytes });
    if (lacking.length > 0) this.#noticeMirror();
    await this.#prepareFolders();
  }

  // Whoever names a mirror means it to have the token too, but should know.
  #noticeMirror(): void {
    const { endpoint, source } = this.#hub.settings;
    const { host } = new URL(endpoint);
    if (source === 'huggingface' && this.#hub.hasToken && host !== 'huggingface.co')
      this.#report({
        kind: 'notice',
        text: `the token of huggingface.co is sent to ${host}, as HF_ENDPOINT says`,
      });
  }

  async #prepareFolders(): Promise<void> {
    const { listing, destination } = this.#plan;
    const { repoFolder, treePath } = this.#places;
    const tagged = destination.kind === 'cache' ? this.#hub.settings.cacheFolder : repoFolder;
    const tag = join(tagged, 'CACHEDIR.TAG');
    if ((await sizeOf(tag)) === null) await replaceFile(tag, CACHE_TAG);
    if (destination.kind === 'folder') await replaceFile(join(repoFolder, '.gitignore'), '*\n');
    // A snapshot's own list may lack files.
    if (listing.from === 'hub') await keepListing(treePath, listing.files);
  }

  async #fetchAll(): Promise<void> {
    const queue = [...this.#plan.files.entries()];
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        this.#signal.throwIfAborted();
        await this.#bring(next[1], next[0]);
      }
    };
    const lanes = Array.from({ length: FILES_AT_ONCE }, () =>
      lane().catch((error: unknown) => {
        this.#stop.abort(error);
      }),
    );
    await Promise.all(lanes);
    this.#signal.throwIfAborted();
  }

  async #bring(file: PlannedFile, rank: number): Promise<void> {
    const place = this.#places.place(file);
    const { path, sizeBytes, finalPath } = file;
    const { listing } = this.#plan;
    const name = (isNew: boolean): Promise<void> => giveName(place, { file, commit: listing.commit, isNew });
    const isHere =
      file.state === 'complete' || (file.state === 'cached' && (await copyFromCache(place, file)));
    if (isHere) await name(false);
    else {
      await this.#awaitTurn(path);
      const fetchedBytes = await fetchFile({
        hub: this.#hub,
        listing,
        file,
        place,
        rank,
        slots: this.#slots,
        partBytes: this.#partBytes,
        report: this.#report,
        onGrowth: this.#onGrowth,
        signal: this.#signal,
        isThere: async () => (await findContent(place, file)) !== null,
        giveName: name,
      });
      this.#fetchedBytes += fetchedBytes;
    }
    this.#named.add(path);
    this.#report({ kind: isHere ? 'file-skipped' : 'file-verified', path, sizeBytes, finalPath });
    this.#promised.get(path)?.resolve(finalPath);
  }

  async #awaitTurn(path: string): Promise<void> {
    await Promise.race([this.#turnOf(path), this.#hurried.get(path)?.promise]);
    this.#signal.throwIfAborted();
  }

  async #finish(): Promise<Snapshot> {
    const { listing, destination, folder, files } = this.#plan;
    const { commit, revision, source } = listing;
    // Only now: a name must not lead to a snapshot without files.
    if (destination.kind === 'cache' && listing.from === 'hub' && !isCommit(revision))
      await keepRef(this.#places.repoFolder, SOURCES[source].refName(revision), commit);
    this.#report({ kind: 'done', folder, commit, fetchedBytes: this.#fetchedBytes });
    return { folder, commit, files: new Map(files.map(({ path, finalPath }) => [path, finalPath])) };
  }

  #unknown(path: string): never {
    const { repo, commit } = this.#plan.listing;
    throw new Fault('REPO_FILE_UNKNOWN', { repo, commit, path });
  }
}

const CACHE_TAG =
  'Signature: 8a477f597d28d172789f06886806bc55\n# This folder can be made again: see https://bford.info/cachedir/\n';

/** True when it has been copied. Content in the cache is checked before; what does not fit is fetched instead. */
async function copyFromCache({ cachedBlobPath, restPath }: FilePlace, file: PlannedFile): Promise<boolean> {
  if (cachedBlobPath === null || (await digestFile(cachedBlobPath, file)) !== file.digest.hex) return false;
  await copyAside(cachedBlobPath, restPath);
  return true;
}

function promise(): Promised {
  let settle!: Pick<Promised, 'resolve' | 'reject'>;
  const promised = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Nobody has to ask for every file.
  promised.catch(() => undefined);
  return { promise: promised, ...settle };
}
