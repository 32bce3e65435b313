// Owns the reading of --model-path: what lies there. Looks at names and kinds only, never into weights.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../faults.ts';

export type FoundModel = { kind: 'folder'; path: string } | { kind: 'gguf'; path: string };

/** Faults: MODEL_MISSING. */
export function findModel(path: string): FoundModel {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    // The shape of a hub id; nothing on disk has it.
    const isHubId = /^[\w.-]+\/[\w.-]+$/.test(path);
    throw new Fault('MODEL_MISSING', {
      path,
      problem: 'no such file or folder',
      ...(isHubId ? { hint: 'models are not downloaded yet: fetch the folder first and give its path' } : {}),
    });
  }
  if (found.isFile()) {
    if (path.endsWith('.gguf')) return { kind: 'gguf', path };
    throw new Fault('MODEL_MISSING', { path, problem: 'is a file, but not a .gguf file' });
  }
  if (statSync(join(path, 'config.json'), { throwIfNoEntry: false }) === undefined)
    throw new Fault('MODEL_MISSING', { path, problem: 'the folder has no config.json' });
  return { kind: 'folder', path };
}
