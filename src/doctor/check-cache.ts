// Looks at where converted models are kept: may it be written, what is in it, how much more fits.
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freeBytes } from '../download/local-disk.ts';
import { planCacheFolder } from '../models/cache-folder.ts';
import type { Finding, Patient } from './checks.ts';
import { gigabytes, notChecked, ok, problem, warning } from './finding.ts';

/** The smallest model, converted to bf16. */
const LEAST_FREE_BYTES = 1.3e9;

const folderOf = ({ settings, env }: Patient): string =>
  settings.cacheFolder ?? planCacheFolder({ ...env }, process.platform);

export function checkCache(patient: Patient): Finding {
  const folder = folderOf(patient);
  const nearest = nearestExisting(folder);
  try {
    accessSync(nearest, constants.W_OK);
  } catch {
    return problem(`${nearest} cannot be written`, 'choose another place with --cache-folder');
  }
  if (nearest !== folder) return ok(`${folder}, made at the first launch`);
  const files = listFiles(join(folder, 'converted'));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  return ok(`${folder}: ${String(files.length)} converted models, ${gigabytes(bytes)}`);
}

export async function checkDisk(patient: Patient): Promise<Finding> {
  const folder = folderOf(patient);
  const free = await freeBytes(folder);
  if (free === null) return notChecked(`the file system of ${folder} does not tell its free space`);
  if (free >= LEAST_FREE_BYTES) return ok(`${gigabytes(free)} free for ${folder}`);
  return warning(
    `${gigabytes(free)} free for ${folder}; the smallest model converts to ${gigabytes(LEAST_FREE_BYTES)}`,
    'free space, or choose another place with --cache-folder',
  );
}

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)));

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.gguf'))
    .map((name) => join(folder, name));
}
