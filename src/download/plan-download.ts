// What a download would do: which files are there, which in part, what is missing, what the disk has left. Writes nothing.
import { countBytes } from './byte-ranges.ts';
import { findContent, sizeOf } from './at-rest.ts';
import { placesFor, type FilePlace } from './cache-layout.ts';
import type { Destination, DownloadPlan, PlannedFile, RepoFile, RepoListing } from './contract.ts';
import { freeBytes } from './local-disk.ts';
import type { Hub } from './open-hub.ts';
import { readJournal } from './partial-file.ts';

/** `files` in the order in which they are wanted. A file in a chosen folder that has no note there is hashed. */
export async function planDownload(
  { settings }: Hub,
  listing: RepoListing,
  { files, destination }: { files: readonly RepoFile[]; destination: Destination },
): Promise<DownloadPlan> {
  const places = placesFor(settings, listing, destination);
  const planned: PlannedFile[] = [];
  for (const file of files) planned.push(await planFile(file, places.place(file)));
  return {
    listing,
    destination,
    folder: places.filesFolder,
    files: planned,
    totalBytes: sum(planned.map(({ sizeBytes }) => sizeBytes)),
    missingBytes: sum(
      planned.map((file) => (file.state === 'cached' ? 0 : file.sizeBytes - file.presentBytes)),
    ),
    peakBytes: sum(
      planned.map((file) => (file.state === 'complete' ? 0 : file.sizeBytes - file.presentBytes)),
    ),
    freeBytes: await freeBytes(places.filesFolder),
  };
}

async function planFile(file: RepoFile, place: FilePlace): Promise<PlannedFile> {
  const { finalPath, cachedBlobPath, partialPath } = place;
  const contentPath = await findContent(place, file);
  const about = { ...file, finalPath, contentPath };
  if (contentPath !== null) return { ...about, state: 'complete', presentBytes: file.sizeBytes };
  if (cachedBlobPath !== null && (await sizeOf(cachedBlobPath)) === file.sizeBytes)
    return { ...about, state: 'cached', presentBytes: 0 };
  const presentBytes = countBytes(await readJournal(partialPath, file));
  return { ...about, state: presentBytes > 0 ? 'partial' : 'missing', presentBytes };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
