// Owns the look at what --model-path leads to. Looks at names and kinds only, never into weights.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../faults.ts';
import { parseReference, type HubReference, type ModelReference } from './reference.ts';

/** A model on this disk. */
export type FoundModel = Exclude<ModelReference, HubReference>;

/** Faults: MODEL_MISSING. */
export function findModel(text: string): ModelReference {
  const found = statSync(text, { throwIfNoEntry: false });
  const kind = found === undefined ? null : found.isDirectory() ? 'folder' : 'file';
  const reference = parseReference(text, kind);
  if (reference.kind === 'folder' && !hasConfig(reference.path))
    throw new Fault('MODEL_MISSING', { path: text, problem: 'the folder has no config.json' });
  return reference;
}

function hasConfig(folder: string): boolean {
  return statSync(join(folder, 'config.json'), { throwIfNoEntry: false }) !== undefined;
}
