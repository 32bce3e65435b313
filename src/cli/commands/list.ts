// `qwen-embed list`: what is downloaded and converted, with sizes and places.
import type { Settings } from '../../config/options.ts';
import { listCachedModels, type CachedModel } from '../../models/cached-models.ts';
import { readCacheFolders, type CacheFolders } from '../../models/places.ts';
import { renderColumns } from '../columns.ts';
import { renderBytes } from '../progress-text.ts';
import { printLine, printResult } from '../terminal.ts';

export function runList(settings: Settings<'list'>): Promise<number> {
  const folders = readCacheFolders(settings);
  const models = listCachedModels(folders);
  if (settings.json) printResult(JSON.stringify(models.map(describe)));
  else if (models.length > 0) printResult(renderTable(models));
  else printLine(renderNothing(folders));
  return Promise.resolve(0);
}

function renderNothing({ hubFolder, cacheFolder }: CacheFolders): string {
  return `nothing in ${hubFolder} and ${cacheFolder}; fetch a model with: qwen-embed download 0.6B`;
}

function describe({ lastUsedMs, ...model }: CachedModel): unknown {
  return { ...model, lastUsed: new Date(lastUsedMs).toISOString() };
}

function renderTable(models: readonly CachedModel[]): string {
  const rows = models.map(({ name, commit, type, sizeBytes, lastUsedMs, path }) => [
    name,
    commit?.slice(0, 12) ?? '',
    type,
    renderBytes(sizeBytes),
    new Date(lastUsedMs).toISOString().slice(0, 10),
    path,
  ]);
  return renderColumns([['model', 'commit', 'type', 'size', 'last used', 'path'], ...rows]).join('\n');
}
