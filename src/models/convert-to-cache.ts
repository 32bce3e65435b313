// Owns the cache of converted models: a Hugging Face folder is converted once and found again by its content, wherever
// it has been moved. Files appear under their final name by rename only, so two launches at once cannot spoil one.
import { basename, join, resolve } from 'node:path';
import { convert, type ConvertOptions } from '../convert/convert.ts';
import { isFile } from '../convert/files.ts';
import { fingerprintModelFolder } from '../convert/fingerprint.ts';
import { Fault } from '../faults.ts';
import { makeFolder } from '../folders.ts';

export interface CachedConversion extends Pick<
  ConvertOptions,
  'outtype' | 'onProgress' | 'onWarning' | 'signal'
> {
  modelFolder: string;
  cacheFolder: string;
}

/** Enough of the fingerprint that two models never meet. */
const FINGERPRINT_CHARACTERS = 20;

/** The .gguf file of a folder, converted now if it is not there yet. Faults: those of `convert`, FILE_UNWRITABLE. */
export async function convertToCache(
  options: CachedConversion,
): Promise<{ file: string; wasCached: boolean }> {
  const { modelFolder, cacheFolder, outtype } = options;
  const fingerprint = fingerprintModelFolder(modelFolder).slice(0, FINGERPRINT_CHARACTERS);
  const name = nameOfFolder(modelFolder);
  const folder = join(cacheFolder, 'converted');
  const file = join(folder, `${name}-${outtype}-${fingerprint}.gguf`);
  try {
    if (isFile(file)) return { file, wasCached: true };
    await makeFolder(folder);
  } catch (error) {
    const cause = error instanceof Fault ? error.cause : error;
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('FILE_UNWRITABLE', { path: folder, problem, option: '--cache-folder' }, { cause });
  }
  await convert({ ...options, folderName: name, outfile: file, isForServing: true });
  return { file, wasCached: false };
}

/** What the model is called: the folder's name, or the repository's where the folder is a snapshot of the hub's cache. */
export function nameOfFolder(modelFolder: string): string {
  const path = resolve(modelFolder);
  const snapshot = /[/\\]models--[^/\\]+?--([^/\\]+)[/\\]snapshots[/\\][0-9a-f]{40}$/.exec(path);
  return snapshot?.[1] ?? basename(path);
}
