// How a planned download is shown: a line per file for people, one object for scripts. Pure.
import type { DownloadPlan } from '../download/contract.ts';
import { renderBytes, renderFiles } from './progress-text.ts';

export function describeDownload({ listing, folder, files, ...sizes }: DownloadPlan): object {
  const { source, repo, revision, commit } = listing;
  const shown = files.map(({ path, sizeBytes, digest, state, presentBytes, finalPath }) => ({
    path,
    sizeBytes,
    digest,
    state,
    presentBytes,
    finalPath,
  }));
  return { kind: 'plan', source, repo, revision, commit, folder, ...sizes, files: shown };
}

export function renderDownload({
  listing,
  folder,
  files,
  totalBytes,
  missingBytes,
  peakBytes,
  freeBytes,
}: DownloadPlan): string {
  const width = Math.max(...files.map(({ path }) => path.length));
  const lines = files.map(
    ({ path, sizeBytes, state }) => `${path.padEnd(width)}  ${renderBytes(sizeBytes).padStart(8)}  ${state}`,
  );
  const peak = peakBytes > missingBytes ? `, ${renderBytes(peakBytes)} of disk needed on the way` : '';
  const free = freeBytes === null ? '' : `, ${renderBytes(freeBytes)} free`;
  return [
    `${listing.repo} at ${listing.revision} is commit ${listing.commit}`,
    ...lines,
    `${renderFiles(files.length)}, ${renderBytes(totalBytes)}, ${renderBytes(missingBytes)} to fetch into ${folder}${peak}${free}`,
  ].join('\n');
}
