// Owns the removal of single files from the hub's cache, whose snapshots share contents by link.
import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DownloadPlan } from '../download/contract.ts';

/**
 * Removes the file from the plan's snapshot, and its content where no other snapshot links to it; in this order, so that
 * no link leads nowhere. `blob` = where the content may lie without the link, which an ended run has removed.
 */
export function removeFromCache(
  { folder }: Pick<DownloadPlan, 'folder'>,
  path: string,
  blob: string | null = null,
): void {
  const name = join(folder, path);
  const content = realPathOf(name) ?? (blob === null ? null : realPathOf(blob));
  rmSync(name, { force: true });
  if (content === null) return;
  const snapshots = dirname(folder);
  const others = readdirSync(snapshots, { recursive: true, encoding: 'utf8' });
  if (others.every((other) => realPathOf(join(snapshots, other)) !== content))
    rmSync(content, { force: true });
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
