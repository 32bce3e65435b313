// Looks at where converted models are kept: may it be written, what is in it, how much more fits.
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { freeBytes } from '../download/local-disk.ts';
import { gigabytes } from '../faults.ts';
import { listConverted } from '../models/cached-models.ts';
import { readCacheFolder } from '../models/places.ts';
import { type Finding, notChecked, ok, type Patient, problem, warning } from './finding.ts';

/** The smallest model, converted to bf16. */
const LEAST_FREE_BYTES = 1.3e9;

export function checkCache({ settings, env }: Patient): Finding {
  const folder = readCacheFolder(settings, env);
  const nearest = nearestExisting(folder);
  try {
    accessSync(nearest, constants.W_OK);
  } catch {
    return problem(`${nearest} cannot be written`, 'choose another place with --cache-folder');
  }
  if (nearest !== folder) return ok(`${folder}, made at the first launch`);
  const models = listConverted(folder);
  const bytes = models.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const unfinished = models.filter(({ type }) => type === 'unfinished').length;
  const whole = `${String(models.length - unfinished)} converted models`;
  const begun = unfinished === 0 ? '' : ` and ${String(unfinished)} unfinished`;
  return ok(`${folder}: ${whole}${begun}, ${gigabytes(bytes)}`);
}

export async function checkDisk({ settings, env }: Patient): Promise<Finding> {
  const folder = readCacheFolder(settings, env);
  const free = await freeBytes(folder);
  if (free === null) return notChecked(`the file system of ${folder} does not tell its free space`);
  if (free >= LEAST_FREE_BYTES) return ok(`${gigabytes(free)} free for ${folder}`);
  return warning(
    `${gigabytes(free)} free for ${folder}; the smallest model converts to ${gigabytes(LEAST_FREE_BYTES)}`,
    'free space, or choose another place with --cache-folder',
  );
}

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)));
