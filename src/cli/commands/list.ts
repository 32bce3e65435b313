// `qwen-embed list`: what is downloaded and converted, with sizes and places.
import type { Settings } from '../../config/options.ts';
import { planCacheFolder } from '../../models/cache-folder.ts';
import { listCachedModels, type CachedModel } from '../../models/cached-models.ts';
import { readSourceSettings } from '../../models/source-settings.ts';
import { renderBytes } from '../progress-text.ts';
import { printLine, printResult } from '../terminal.ts';

export function runList(settings: Settings<'list'>): Promise<number> {
  const hubFolder = readSourceSettings(process.env, settings).cacheFolder;
  const cacheFolder = settings.cacheFolder ?? planCacheFolder(process.env, process.platform);
  const models = listCachedModels({ hubFolder, cacheFolder });
  if (settings.json) printResult(JSON.stringify(models.map(describe)));
  else if (models.length > 0) printResult(renderTable(models));
  else printLine(`nothing in ${hubFolder} and ${cacheFolder}; fetch a model with: qwen-embed download 0.6B`);
  return Promise.resolve(0);
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
  const lines = [['model', 'commit', 'type', 'size', 'last used', 'path'], ...rows];
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0))) ?? [];
  return lines
    .map((cells) =>
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
