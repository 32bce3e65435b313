// Owns the fetching of one GGUF file of a repository: its header comes first and is judged before gigabytes follow.
import { readArrivingGgufHeader } from '../convert/gguf-read.ts';
import type { RepoListing, ReportDownload } from '../download/contract.ts';
import type { Hub } from '../download/open-hub.ts';
import { planDownload } from '../download/plan-download.ts';
import { startDownload } from '../download/start-download.ts';
import type { JudgeModel } from './survey-repo.ts';

interface FetchGgufOptions {
  judge: JudgeModel;
  report: ReportDownload;
  signal: AbortSignal;
}

/** Resolves with the file's path in the hub's cache. Faults: those of the judge and of the download. */
export async function fetchGguf(
  { hub, listing, path }: { hub: Hub; listing: RepoListing; path: string },
  { judge, report, signal }: FetchGgufOptions,
): Promise<string> {
  const files = listing.files.filter((file) => file.path === path);
  const plan = await planDownload(hub, listing, { files, destination: { kind: 'cache' } });
  const end = new AbortController();
  const download = startDownload(hub, plan, { report, signal: AbortSignal.any([signal, end.signal]) });
  // It may fail while the header is still being judged.
  download.done.catch(() => undefined);
  const sizeBytes = files[0]?.sizeBytes ?? 0;
  const title = `${listing.repo}/${path}`;
  try {
    const readRange = (range: { start: number; end: number }) => download.readRange(path, range);
    const header = await readArrivingGgufHeader({ path: title, sizeBytes, readRange });
    await judge({ kind: 'header', path: title, header });
    return await download.ready(path);
  } catch (error) {
    end.abort(error);
    throw error;
  } finally {
    await download.done.catch(() => undefined);
  }
}
