// Owns how this program's options meet the environment of the hub's own tools: an option wins.
import type { HubSettings, HubSource } from '../download/contract.ts';
import { readHubSettings } from '../download/settings.ts';

interface SourceOptions {
  source?: HubSource | null;
  downloadDir: string | null;
}

/** Faults: BAD_OPTION. */
export function readSourceSettings(
  env: NodeJS.ProcessEnv,
  { source = null, downloadDir }: SourceOptions,
): HubSettings {
  return readHubSettings(env, {
    ...(source === null ? {} : { source }),
    ...(downloadDir === null ? {} : { cacheFolder: downloadDir }),
  });
}
