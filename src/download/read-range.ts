// Some bytes of a file that is still on its way, such as the header of its weights, fetched apart and not kept.
// Nothing here is verified. Bytes of a file that is there are read from the disk.
import { open } from 'node:fs/promises';
import { Fault } from '../faults.ts';
import type { ByteRange } from './byte-ranges.ts';
import type { PlannedFile, RepoFile, RepoListing } from './contract.ts';
import { FileLink, RangeUnserved } from './file-link.ts';
import type { Hub } from './open-hub.ts';
import { receive, type Cursor, type WritePieces } from './receive.ts';
import { tryAgain } from './try-again.ts';

/**
 * Bytes of a file that no download is under way for: from the disk where it is there, else from the hub.
 * Faults: as a download, FILE_UNREADABLE, HUB_UNFIT where the server has no ranges.
 */
export async function readPlannedRange(
  { hub, listing, file }: { hub: Hub; listing: RepoListing; file: PlannedFile },
  range: ByteRange,
  signal: AbortSignal,
): Promise<Buffer> {
  if (file.contentPath !== null) return readFileRange(file.contentPath, range);
  try {
    return await fetchRange({ hub, listing, file }, range, signal);
  } catch (error) {
    if (!(error instanceof RangeUnserved)) throw error;
    const { host } = new URL(hub.settings.endpoint);
    throw new Fault('HUB_UNFIT', { host, problem: `of ${file.path}, ${error.message}` }, { cause: error });
  }
}

/** Faults: as a download; RangeUnserved where the server has no ranges. */
export async function fetchRange(
  { hub, listing, file }: { hub: Hub; listing: RepoListing; file: RepoFile },
  range: ByteRange,
  signal: AbortSignal,
): Promise<Buffer> {
  const link = new FileLink(hub, { listing, file }, () => undefined);
  const bytes = Buffer.alloc(range.end - range.start);
  const cursor: Cursor = { at: range.start };
  const write: WritePieces = (pieces, start) => {
    Buffer.concat(pieces).copy(bytes, start - range.start);
    return null;
  };
  const once = async (): Promise<void> => {
    const rest = { start: cursor.at, end: range.end };
    await receive(hub, await link.open(rest, signal), { range: rest, cursor, write });
  };
  await tryAgain(once, { timing: hub.settings.timing, signal, progress: () => cursor.at });
  return bytes;
}

/** Faults: FILE_UNREADABLE. */
export async function readFileRange(path: string, { start, end }: ByteRange): Promise<Buffer> {
  try {
    const handle = await open(path, 'r');
    const { buffer, bytesRead } = await handle
      .read(Buffer.alloc(end - start), 0, end - start, start)
      .finally(() => handle.close());
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', { path, problem: (error as Error).message }, { cause: error });
  }
}
