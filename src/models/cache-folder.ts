// Owns where this program keeps what it can make again: the user's cache folder, as each platform names it.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Pure in `env` and `platform`. */
export function planCacheFolder(env: NodeJS.ProcessEnv, platform: string, home = homedir()): string {
  switch (platform) {
    case 'darwin':
      return join(home, 'Library', 'Caches', 'qwen-embed');
    case 'win32':
      return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'qwen-embed', 'Cache');
    default:
      return join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'qwen-embed');
  }
}
