// Owns the look at what --model-path leads to. Looks at names and kinds only, never into weights.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPath, isFile } from '../convert/files.ts';
import { Fault } from '../faults.ts';
import { parseReference, type HubReference, type ModelReference } from './reference.ts';

/** A model on this disk. */
export type FoundModel = Exclude<ModelReference, HubReference>;

/** Faults: MODEL_MISSING, FILE_UNREADABLE. */
export function findModel(text: string): ModelReference {
  const found = findPath(text);
  const kind = found === undefined ? null : found.isDirectory() ? 'folder' : 'file';
  const reference = parseReference(text, kind);
  if (reference.kind === 'folder' && !isFile(join(reference.path, 'config.json'))) {
    const inside = findInside(reference.path);
    throw new Fault('MODEL_MISSING', {
      path: text,
      problem: 'the folder has no config.json',
      ...(inside === null ? {} : { hint: `name what is in it: ${inside}` }),
    });
  }
  return reference;
}

/** A model in a folder that is none: a .gguf file, or a snapshot where it is a repository in the hub's cache. */
function findInside(folder: string): string | null {
  const names = readdirSync(folder).sort();
  const file = names.find((name) => name.toLowerCase().endsWith('.gguf'));
  if (file !== undefined) return join(folder, file);
  if (!names.includes('snapshots')) return null;
  const snapshots = readdirSync(join(folder, 'snapshots')).map((name) => join(folder, 'snapshots', name));
  return snapshots.find((path) => isFile(join(path, 'config.json'))) ?? null;
}
