// For the tests of this room: all of a repository, from its listing to its files, with everything that was reported.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Destination,
  DownloadEvent,
  DownloadOptions,
  Snapshot,
} from '../../../src/download/contract.ts';
import { listRepo } from '../../../src/download/list-repo.ts';
import type { Hub } from '../../../src/download/open-hub.ts';
import { planDownload } from '../../../src/download/plan-download.ts';
import { startDownload } from '../../../src/download/start-download.ts';
import { REPO } from './open-test-hub.ts';

export interface Fetched {
  snapshot: Snapshot;
  events: DownloadEvent[];
}

export async function fetchRepo(
  hub: Hub,
  options: DownloadOptions & { destination?: Destination; revision?: string; peakBytes?: number } = {},
): Promise<Fetched> {
  const { destination = { kind: 'cache' }, revision = null, report } = options;
  const listing = await listRepo(hub, { repo: REPO, revision });
  const planned = await planDownload(hub, listing, { files: listing.files, destination });
  const plan = { ...planned, peakBytes: options.peakBytes ?? planned.peakBytes };
  const events: DownloadEvent[] = [];
  const { done } = startDownload(hub, plan, {
    ...options,
    report: (event) => {
      events.push(event);
      report?.(event);
    },
  });
  return { snapshot: await done, events };
}

export const readAll = ({ folder, files }: Snapshot): Record<string, string> =>
  Object.fromEntries([...files.keys()].map((path) => [path, readFileSync(join(folder, path), 'latin1')]));

/** The fault's code, or what else was thrown, or that nothing was. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no fault',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}
