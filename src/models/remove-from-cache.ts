// Owns the removal of single files from the hub's cache, whose snapshots share contents by link.
import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DownloadPlan } from '../download/contract.ts';

/** Removes the file from the plan's snapshot, and its content where no other snapshot links to it. */
export function removeFromCache({ folder }: Pick<DownloadPlan, 'folder'>, path: string): void {
  const name = join(folder, path);
  const content = realPathOf(name);
  rmSync(name, { force: true });
  if (content === null || content === name) return;
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
