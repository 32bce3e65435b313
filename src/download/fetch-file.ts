// One file, from what is there of it to its verified content under its name at rest. Order: lock, look again, fetch what
// is missing in parallel ranges, compare the digest, rename. Content that does not fit is dropped and fetched once more.
import { Fault } from '../faults.ts';
import type { ByteRange } from './byte-ranges.ts';
import type { FilePlace } from './cache-layout.ts';
import type { FileGrowth, ReportDownload, RepoFile, RepoListing } from './contract.ts';
import { FileLink, RangeUnserved } from './file-link.ts';
import { followDigest } from './follow-digest.ts';
import { runLanes } from './lanes.ts';
import { acquireLock, type HeldLock } from './lock.ts';
import type { Hub } from './open-hub.ts';
import { PartialFile, removePartial } from './partial-file.ts';
import { receive, type Cursor, type ReceiveTarget } from './receive.ts';
import type { Slots } from './slots.ts';
import { tryAgain } from './try-again.ts';

/** Parts of one file in flight: all connections, as weights may come file after file. */
const PARTS_AT_ONCE = 8;
const REPORT_EVERY_MS = 100;

export interface FileJob {
  hub: Hub;
  listing: RepoListing;
  file: RepoFile;
  place: FilePlace;
  /** Place in the order in which the files are wanted. */
  rank: number;
  partBytes: number;
  slots: Slots;
  report: ReportDownload;
  onGrowth: (growth: FileGrowth) => void;
  signal: AbortSignal;
  /** Is the content at rest already? Another process may have brought it. */
  isThere: () => Promise<boolean>;
  /** Gives content at rest its final name; under the lock, as others may wait to do the same. */
  giveName: (isNew: boolean) => Promise<void>;
}

/**
 * Resolves with the bytes that came over the network when the content has its final name.
 * Faults: HUB_*, REPO_*, DOWNLOAD_MISMATCH, DISK_FULL, FILE_UNWRITABLE; what has come is kept for the next run.
 */
export async function fetchFile(job: FileJob): Promise<number> {
  const { file, place, hub, signal, report } = job;
  const lock = await acquireLock(place.lockPath, {
    staleMs: hub.settings.timing.lockStaleMs,
    signal,
    onWait: (holder) => {
      report({ kind: 'waiting', reason: 'lock', path: file.path, holder });
    },
  });
  try {
    const wasThere = await job.isThere();
    const fetchedBytes = wasThere ? 0 : await new FileFetch(job, lock).run();
    await job.giveName(!wasThere);
    return fetchedBytes;
  } finally {
    await lock.release();
  }
}

type Sink = Pick<ReceiveTarget, 'write' | 'onWritten'>;

/** How an attempt ended that did not bring the content; `drop` = what is on disk cannot be right. */
type Failure = { kind: 'ranges-ignored' } | { kind: 'mismatch'; problem: string; drop: boolean };

class FileFetch {
  readonly #job: FileJob;
  readonly #lock: HeldLock;
  readonly #link: FileLink;
  #fetchedBytes = 0;
  #reportedAt = 0;

  constructor(job: FileJob, lock: HeldLock) {
    this.#job = job;
    this.#lock = lock;
    this.#link = new FileLink(job.hub, job, (text) => {
      job.report({ kind: 'notice', text });
    });
  }

  async run(): Promise<number> {
    const { file, listing, partBytes, place, report } = this.#job;
    let isWholeOnly = false;
    for (let mismatches = 0; ;) {
      const failure = await (isWholeOnly ? this.#attemptWhole() : this.#attempt(partBytes));
      if (failure === null) return this.#fetchedBytes;
      if (failure.kind === 'ranges-ignored' || failure.drop) await removePartial(place.partialPath);
      if (failure.kind === 'ranges-ignored') {
        isWholeOnly = true;
        continue;
      }
      const { problem } = failure;
      if (++mismatches === 2)
        throw new Fault('DOWNLOAD_MISMATCH', { repo: listing.repo, path: file.path, problem });
      report({ kind: 'file-retried', path: file.path, problem, waitMs: 0 });
    }
  }

  /** From a server without ranges: each try starts at the first byte, and the digest with it. */
  async #attemptWhole(): Promise<Failure | null> {
    return this.#tryAgain(async () => {
      await removePartial(this.#job.place.partialPath);
      return this.#attempt(Infinity);
    });
  }

  async #attempt(partBytes: number): Promise<Failure | null> {
    const { file, place, report, onGrowth } = this.#job;
    const { path, sizeBytes } = file;
    const partial = await PartialFile.open(place.partialPath, file);
    const digest = followDigest(partial.path, file);
    try {
      report({ kind: 'file-started', path, sizeBytes, doneBytes: partial.doneBytes });
      const advance = (): void => {
        const { leadingBytes, path: partialPath } = partial;
        digest.advance(leadingBytes);
        onGrowth({ path, partialPath, leadingBytes });
      };
      advance();
      await this.#fetchParts(partial, { advance, partBytes });
      const [hex] = await Promise.all([digest.finish(), partial.sync()]);
      if (hex !== file.digest.hex)
        return { kind: 'mismatch', problem: `its digest is ${hex}, not ${file.digest.hex}`, drop: true };
      await this.#publish(partial);
      return null;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      return failure;
    } finally {
      await digest.close();
      await partial.close();
    }
  }

  /** Until nothing is missing, or the first of the lanes has failed for good and the others have stopped. */
  async #fetchParts(
    partial: PartialFile,
    { advance, partBytes }: { advance: () => void; partBytes: number },
  ): Promise<void> {
    const { hub, slots, rank, signal } = this.#job;
    const parts = partial.missingParts(partBytes);
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const sink: Sink = {
      write: (pieces, start) => partial.write(pieces, start),
      onWritten: () => {
        advance();
        this.#reportProgress(partial.doneBytes);
      },
    };
    const lane = async (): Promise<void> => {
      try {
        for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
          const range = part;
          await slots.run(rank, () =>
            this.#fetchPart(range, { sink, signal: either, isWholeOnly: partBytes === Infinity }),
          );
        }
      } catch (error) {
        stop.abort(error);
      }
    };
    const { lookMs } = hub.settings.timing;
    await runLanes(lane, { most: Math.min(PARTS_AT_ONCE, parts.length), lookMs });
    if (stop.signal.aborted) throw stop.signal.reason;
  }

  async #fetchPart(
    range: ByteRange,
    { sink, signal, isWholeOnly }: { sink: Sink; signal: AbortSignal; isWholeOnly: boolean },
  ): Promise<void> {
    const cursor: Cursor = { at: range.start };
    const once = async (): Promise<void> => {
      const rest = { start: cursor.at, end: range.end };
      const answer = await this.#link.open(rest, signal);
      await receive(this.#job.hub, answer, { range: rest, cursor, ...sink });
    };
    const progress = (): number => cursor.at;
    try {
      await (isWholeOnly ? once() : this.#tryAgain(once, { signal, progress }));
    } finally {
      this.#fetchedBytes += cursor.at - range.start;
    }
  }

  async #tryAgain<T>(
    attempt: () => Promise<T>,
    { signal = this.#job.signal, progress }: { signal?: AbortSignal; progress?: () => number } = {},
  ): Promise<T> {
    const { file, hub, report } = this.#job;
    const onWait = (fault: Fault, waitMs: number): void => {
      const { path } = file;
      report(
        fault.code === 'HUB_RATE_LIMITED'
          ? {
              kind: 'waiting',
              reason: 'rate-limit',
              path,
              host: (fault.params as { host: string }).host,
              waitMs,
            }
          : { kind: 'file-retried', path, problem: fault.message, waitMs },
      );
    };
    const { timing } = hub.settings;
    return tryAgain(attempt, { timing, signal, onWait, ...(progress === undefined ? {} : { progress }) });
  }

  async #publish(partial: PartialFile): Promise<void> {
    const { place } = this.#job;
    // Only a process that stood still for long, as in a suspended machine, has lost it.
    if (!(await this.#lock.isHeld()))
      throw new Fault('FILE_UNWRITABLE', {
        path: place.restPath,
        problem: 'another process has taken this download over; run the command again',
      });
    await partial.publish(place.restPath);
  }

  #reportProgress(doneBytes: number): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    const { path, sizeBytes } = this.#job.file;
    this.#job.report({ kind: 'file-progress', path, sizeBytes, doneBytes });
  }
}

function failureOf(error: unknown): Failure | null {
  if (error instanceof RangeUnserved)
    return error.sentWhole
      ? { kind: 'ranges-ignored' }
      : { kind: 'mismatch', problem: error.message, drop: true };
  if (!(error instanceof Fault) || (error as Fault).code !== 'DOWNLOAD_MISMATCH') return null;
  const { problem } = (error as Fault<'DOWNLOAD_MISMATCH'>).params;
  return { kind: 'mismatch', problem, drop: false };
}
