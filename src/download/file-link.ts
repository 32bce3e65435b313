// The way to one file's bytes: the hub's own address, and the store's that the hub sends us on to, kept while it works.
// Holds what the hub says about the file against the listing. Knows nothing of disks.
import { Fault } from '../faults.ts';
import type { ByteRange } from './byte-ranges.ts';
import type { RepoFile, RepoListing } from './contract.ts';
import type { Headers } from './hub-faults.ts';
import type { Hub, HubAnswer } from './open-hub.ts';
import { SOURCES } from './sources.ts';

/** The server does not serve the range that was asked for: it sent the whole file, or says that the file ends before. */
export class RangeUnserved extends Error {
  readonly sentWhole: boolean;

  constructor(sentWhole: boolean) {
    super(sentWhole ? 'the whole file came instead of a range' : 'the range lies beyond the end of the file');
    this.sentWhole = sentWhole;
  }
}

export class FileLink {
  readonly #hub: Hub;
  readonly #listing: RepoListing;
  readonly #file: RepoFile;
  #storeAddress: string | null = null;
  #hasWarned = false;
  readonly #onWarning: (text: string) => void;

  constructor(
    hub: Hub,
    { listing, file }: { listing: RepoListing; file: RepoFile },
    onWarning: (text: string) => void,
  ) {
    this.#hub = hub;
    this.#listing = listing;
    this.#file = file;
    this.#onWarning = onWarning;
  }

  /**
   * An answer whose body holds exactly `range`, for whole files without asking for a range.
   * Faults: as `Hub.get`, DOWNLOAD_MISMATCH; RangeUnserved is for the caller to deal with.
   */
  async open(range: ByteRange, signal: AbortSignal): Promise<HubAnswer> {
    const { repo, revision, commit } = this.#listing;
    const { path, sizeBytes } = this.#file;
    const isWhole = range.start === 0 && range.end === sizeBytes;
    const { settings } = this.#hub;
    const own = SOURCES[settings.source].fileUrl(settings, { repo, revision, commit, path });
    const address = this.#storeAddress ?? own;
    const wanted = { repo, revision: commit, path };
    try {
      const answer = await this.#hub.get(address, {
        wanted,
        signal,
        accept: [416],
        ...(isWhole ? {} : { range }),
      });
      this.#checkOrDrop(answer, isWhole ? null : range);
      if (!this.#hub.isOwn(answer.url)) this.#storeAddress = answer.url.href;
      return answer;
    } catch (error) {
      // Links to a store have a life of about an hour; the hub gives a new one.
      if (this.#storeAddress === address) this.#storeAddress = null;
      throw error;
    }
  }

  #checkOrDrop(answer: HubAnswer, range: ByteRange | null): void {
    try {
      this.#check(answer, range);
    } catch (error) {
      // A body that ends early says so; without a listener that ends the process.
      answer.body.on('error', () => undefined).destroy();
      throw error;
    }
  }

  #check({ status, headers, hubHeaders }: HubAnswer, range: ByteRange | null): void {
    const warning = hubHeaders['x-hf-warning'];
    if (warning !== undefined && !this.#hasWarned) this.#onWarning(warning);
    this.#hasWarned ||= warning !== undefined;
    if (status === 416) throw new RangeUnserved(false);
    this.#checkHubHeaders(hubHeaders);
    if (range === null) this.#checkSize(headers['content-length']);
    else if (status === 200) throw new RangeUnserved(true);
    else this.#checkRange(headers['content-range'], range);
  }

  // Mirrors leave headers out; what is there must fit.
  #checkHubHeaders(headers: Headers): void {
    const { commit } = this.#listing;
    const { digest } = this.#file;
    const said = headers['x-repo-commit'];
    if (said !== undefined && said !== commit) throw this.#mismatch(`it is of commit ${said}, not ${commit}`);
    const etag = (headers['x-linked-etag'] ?? headers['etag'])?.replace(/^W\//, '').replaceAll('"', '');
    const isDigest = etag?.length === digest.hex.length && /^[0-9a-f]+$/.test(etag);
    if (isDigest && etag !== digest.hex)
      throw this.#mismatch(`its digest is said to be ${etag}, not ${digest.hex}`);
    this.#checkSize(headers['x-linked-size']);
  }

  #checkSize(size: string | undefined): void {
    const { sizeBytes } = this.#file;
    if (size !== undefined && Number(size) !== sizeBytes)
      throw this.#mismatch(`it is said to have ${size} bytes, not ${String(sizeBytes)}`);
  }

  #checkRange(header: string | undefined, { start, end }: ByteRange): void {
    const [, from, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header ?? '') ?? [];
    if (Number(from) !== start || Number(last) !== end - 1)
      throw this.#mismatch(
        `bytes ${String(start)}-${String(end - 1)} were asked for, ${header ?? 'others'} came`,
      );
    if (total !== '*') this.#checkSize(total);
  }

  #mismatch(problem: string): Fault {
    return new Fault('DOWNLOAD_MISMATCH', { repo: this.#listing.repo, path: this.#file.path, problem });
  }
}
