// `qwen-embed remove`: takes a model out of the caches and says what has gone free; asks nothing.
import type { Settings } from '../../config/options.ts';
import { readCacheFolders } from '../../models/places.ts';
import { carryOutRemoval, planRemoval } from '../../models/remove-models.ts';
import { renderBytes } from '../progress-text.ts';
import { printResult } from '../terminal.ts';

export function runRemove(model: string, settings: Settings<'remove'>): Promise<number> {
  const removals = planRemoval(model, readCacheFolders(settings));
  if (!settings.dryRun) for (const removal of removals) carryOutRemoval(removal);
  const removed = removals.map(({ path, sizeBytes }) => ({ path, sizeBytes }));
  const freedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const verb = settings.dryRun ? 'would remove' : 'removed';
  const lines = removed.map(({ path, sizeBytes }) => `${verb} ${path} (${renderBytes(sizeBytes)})`);
  printResult(
    settings.json
      ? JSON.stringify({ dryRun: settings.dryRun, removed, freedBytes })
      : [...lines, `${renderBytes(freedBytes)} ${settings.dryRun ? 'would go' : 'are'} free`].join('\n'),
  );
  return Promise.resolve(0);
}
