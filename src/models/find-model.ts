// Owns the look at what --model-path leads to. Looks at names and kinds only, never into weights.
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
  if (reference.kind === 'folder' && !isFile(join(reference.path, 'config.json')))
    throw new Fault('MODEL_MISSING', { path: text, problem: 'the folder has no config.json' });
  return reference;
}
