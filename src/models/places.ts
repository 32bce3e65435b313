// Owns where models come from and where they are kept: options, else the environment of the hub's own tools, else what each
// platform has for caches. Reads nothing but names.
import { isAbsolute, join } from 'node:path';
import type { HubSettings, HubSource } from '../download/contract.ts';
import { homeFolder, readHubSettings } from '../download/settings.ts';

/** Of whatever command. */
interface PlaceOptions {
  source?: HubSource | null;
  downloadDir: string | null;
  cacheFolder: string | null;
}

export interface Places {
  /** The hub, and its cache, which other programs use too. */
  hubSettings: HubSettings;
  /** What this program can make again. */
  cacheFolder: string;
}

/** Faults: BAD_OPTION. */
export function readPlaces(options: PlaceOptions, env: NodeJS.ProcessEnv = process.env): Places {
  const { source = null, downloadDir } = options;
  return {
    hubSettings: readHubSettings(env, {
      ...(source === null ? {} : { source }),
      ...(downloadDir === null ? {} : { cacheFolder: downloadDir }),
    }),
    cacheFolder: readCacheFolder(options, env),
  };
}

/** Both caches: the hub's, which other programs use too, and this program's own. */
export interface CacheFolders {
  hubFolder: string;
  cacheFolder: string;
}

/** Faults: BAD_OPTION. */
export function readCacheFolders(options: PlaceOptions): CacheFolders {
  const { hubSettings, cacheFolder } = readPlaces(options);
  return { hubFolder: hubSettings.cacheFolder, cacheFolder };
}

export function readCacheFolder(
  { cacheFolder }: Pick<PlaceOptions, 'cacheFolder'>,
  env: NodeJS.ProcessEnv = process.env,
): string {
  return cacheFolder ?? usualCacheFolder(env, process.platform);
}

function usualCacheFolder(env: NodeJS.ProcessEnv, platform: string): string {
  const home = homeFolder();
  switch (platform) {
    case 'darwin':
      return join(home, 'Library', 'Caches', 'qwen-embed');
    case 'win32':
      return join(absolute(env['LOCALAPPDATA']) ?? join(home, 'AppData', 'Local'), 'qwen-embed', 'Cache');
    default:
      return join(absolute(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'qwen-embed');
  }
}

// What is empty or relative does not count, as the XDG specification has it: it would be a folder of whoever calls.
function absolute(path: string | undefined): string | null {
  return path !== undefined && isAbsolute(path) ? path : null;
}
