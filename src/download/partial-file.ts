// A file that is not whole yet: its bytes where they belong, and beside them a journal that says which are there.
//
//   HEX.qwen-embed.partial           bytes in their places, holes between
//   HEX.qwen-embed.partial.ranges    "qwen-embed 1 SIZE HEX", then a line "START END" after each write
//
// A killed process loses at most the bytes of a write under way: a line follows its bytes, and a torn line is passed by.
// What a power cut makes of that order is found by the digest. Whoever opens one holds its lock.
import { writevSync } from 'node:fs';
import { open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, syncFolder } from '../folders.ts';
import { countBytes, leadingBytes, missingParts, withRange, type ByteRange } from './byte-ranges.ts';
import type { RepoFile } from './contract.ts';
import { orLocalFault, replaceFile } from './local-disk.ts';

// Measured for the converter: what is synced while more is written need not be waited for at the end.
const SYNC_EVERY_BYTES = 64_000_000;

// Memory takes 256 KB in a tenth of a millisecond. A disk that makes writes wait longer than this gets the others from
// threads, so that it holds up nothing else. More than one, as on a busy machine the wait may be for a core.
const SLOW_WRITE_MS = 50;
const SLOW_WRITES_BORNE = 3;
/** So many slow writes each write that is not slow makes up for. */
const FORGIVEN_PER_WRITE = 0.01;

/** What is there of a file, without opening it. */
export async function readJournal(
  partialPath: string,
  file: Pick<RepoFile, 'sizeBytes' | 'digest'>,
): Promise<ByteRange[]> {
  const text = await readFile(journalPath(partialPath), 'utf8').catch(() => '');
  const [head, ...lines] = text.split('\n');
  // A process that was killed while it published has left a journal of bytes that are elsewhere.
  if (head !== journalHead(file) || (await stat(partialPath).catch(() => null)) === null) return [];
  let ranges: ByteRange[] = [];
  // After the last line break there is nothing, or a line that was being written.
  for (const line of lines.slice(0, -1)) {
    const [start, end] = /^(\d+) (\d+)$/.exec(line)?.slice(1).map(Number) ?? [];
    if (start === undefined || end === undefined || end > file.sizeBytes) return [];
    ranges = withRange(ranges, { start, end });
  }
  return ranges;
}

const journalPath = (partialPath: string): string => `${partialPath}.ranges`;

const journalHead = ({ sizeBytes, digest }: Pick<RepoFile, 'sizeBytes' | 'digest'>): string =>
  `qwen-embed 1 ${String(sizeBytes)} ${digest.hex}`;

export class PartialFile {
  readonly path: string;
  readonly #sizeBytes: number;
  readonly #bytes: FileHandle;
  readonly #journal: FileHandle;
  #ranges: ByteRange[];
  #slowWrites = 0;
  #unsyncedBytes = 0;
  #sync: Promise<void> | null = null;
  #syncFailure: { error: unknown } | null = null;

  private constructor(
    path: string,
    { sizeBytes, ranges, handles }: { sizeBytes: number; ranges: ByteRange[]; handles: FileHandle[] },
  ) {
    const [bytes, journal] = handles as [FileHandle, FileHandle];
    this.path = path;
    this.#sizeBytes = sizeBytes;
    this.#ranges = ranges;
    this.#bytes = bytes;
    this.#journal = journal;
  }

  /** With what an earlier run left, where it left anything for this very content. */
  static async open(path: string, file: Pick<RepoFile, 'sizeBytes' | 'digest'>): Promise<PartialFile> {
    return orLocalFault(path, async () => {
      await makeFolder(dirname(path));
      const ranges = await readJournal(path, file);
      if (ranges.length === 0) await removePartial(path);
      const bytes = await open(path, ranges.length === 0 ? 'wx+' : 'r+');
      try {
        const { size } = await bytes.stat();
        // A journal that says more than there is belongs to a file that somebody has cut.
        const kept = ranges.filter(({ end }) => end <= size);
        await replaceFile(journalPath(path), journalText(file, kept));
        const journal = await open(journalPath(path), 'a');
        return new PartialFile(path, { sizeBytes: file.sizeBytes, ranges: kept, handles: [bytes, journal] });
      } catch (error) {
        await bytes.close();
        throw error;
      }
    });
  }

  get doneBytes(): number {
    return countBytes(this.#ranges);
  }

  get leadingBytes(): number {
    return leadingBytes(this.#ranges);
  }

  missingParts(partBytes: number): ByteRange[] {
    return missingParts(this.#ranges, this.#sizeBytes, partBytes);
  }

  /** Null when it is done already, as it is with a disk that is not slow. Faults: DISK_FULL, FILE_UNWRITABLE. */
  write(pieces: readonly Buffer[], start: number): Promise<void> | null {
    const range = { start, end: start + countOf(pieces) };
    const line = [Buffer.from(`${String(range.start)} ${String(range.end)}\n`)];
    if (this.#slowWrites > SLOW_WRITES_BORNE)
      return orLocalFault(this.path, async () => {
        await writeAll(this.#bytes, pieces, start);
        await writeAll(this.#journal, line);
        this.#note(range);
      });
    try {
      this.#writeHere(pieces, start);
      writeAllSync(this.#journal, line);
      this.#note(range);
      return null;
    } catch (error) {
      return orLocalFault(this.path, () => {
        throw error;
      });
    }
  }

  /** Resolves when all that was written is on the disk. Faults: DISK_FULL, FILE_UNWRITABLE. */
  async sync(): Promise<void> {
    await orLocalFault(this.path, async () => {
      await this.#sync;
      this.#startSync();
      await this.#sync;
      // Linux tells of a failed write to the disk once; a later sync of the same descriptor would succeed.
      if (this.#syncFailure !== null) throw this.#syncFailure.error;
    });
  }

  /** Gives the content, which the caller has verified and synced, its name: so no power cut can spoil it. */
  async publish(restPath: string): Promise<void> {
    await orLocalFault(restPath, async () => {
      await makeFolder(dirname(restPath));
      await rename(this.path, restPath);
      await rm(journalPath(this.path), { force: true });
    });
    await syncFolder(dirname(restPath));
  }

  async close(): Promise<void> {
    await this.#sync;
    await Promise.all([this.#bytes.close(), this.#journal.close()]);
  }

  #note(range: ByteRange): void {
    this.#ranges = withRange(this.#ranges, range);
    this.#unsyncedBytes += range.end - range.start;
    if (this.#unsyncedBytes >= SYNC_EVERY_BYTES && this.#sync === null) this.#startSync();
  }

  /** In this thread, whose core still has the bytes at hand: another one fetches them from memory. */
  #writeHere(pieces: readonly Buffer[], start: number): void {
    const beginMs = performance.now();
    writeAllSync(this.#bytes, pieces, start);
    if (performance.now() - beginMs > SLOW_WRITE_MS) this.#slowWrites++;
    else this.#slowWrites = Math.max(0, this.#slowWrites - FORGIVEN_PER_WRITE);
  }

  #startSync(): void {
    this.#unsyncedBytes = 0;
    this.#sync = this.#bytes
      .datasync()
      .catch((error: unknown) => {
        this.#syncFailure ??= { error };
      })
      .finally(() => {
        this.#sync = null;
      });
  }
}

/** Both files, whether they are there or not. */
export async function removePartial(path: string): Promise<void> {
  // The journal goes first: bytes without one count as none.
  await rm(journalPath(path), { force: true });
  await rm(path, { force: true });
}

function journalText(file: Pick<RepoFile, 'sizeBytes' | 'digest'>, ranges: readonly ByteRange[]): string {
  const lines = ranges.map(({ start, end }) => `${String(start)} ${String(end)}\n`);
  return `${journalHead(file)}\n${lines.join('')}`;
}

const countOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** Without `start` to where the handle's last write ended. */
async function writeAll(handle: FileHandle, pieces: readonly Buffer[], start?: number): Promise<void> {
  const { bytesWritten } = await handle.writev([...pieces], start);
  if (bytesWritten < countOf(pieces))
    await writeAll(handle, restOf(pieces, bytesWritten), start === undefined ? start : start + bytesWritten);
}

/** The same, in this thread. */
function writeAllSync(handle: FileHandle, pieces: readonly Buffer[], start?: number): void {
  const written = writevSync(handle.fd, pieces, start);
  if (written < countOf(pieces))
    writeAllSync(handle, restOf(pieces, written), start === undefined ? start : start + written);
}

/** Short writes happen where a disk is all but full; the next one then says so. */
const restOf = (pieces: readonly Buffer[], written: number): Buffer[] => [
  Buffer.concat(pieces).subarray(written),
];
