// Owns the question whether --tokenizer-path leads to the tokenizer that the model brings itself. No other is used: ids
// that mean other words give vectors that mean nothing. Reads names, and tokenizer.json of two folders.
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/options.ts';
import { Fault } from '../faults.ts';
import type { ModelReference } from '../models/reference.ts';

/** Fault: BAD_OPTION where it leads elsewhere. */
export function checkTokenizer(
  { tokenizerPath, modelPath }: Pick<Settings<'launch'>, 'tokenizerPath' | 'modelPath'>,
  model: ModelReference,
): void {
  if (tokenizerPath === null || tokenizerPath === modelPath) return;
  const isOwn =
    model.kind === 'hub'
      ? bareRepo(tokenizerPath) === bareRepo(model.repo)
      : isSamePlace(tokenizerPath, model.path) || hasSameFile(tokenizerPath, model);
  if (isOwn) return;
  throw new Fault('BAD_OPTION', {
    option: `--tokenizer-path ${tokenizerPath}`,
    problem: 'is not where the model comes from, and vectors need the tokenizer of their model',
    hint: 'leave it out: the model brings its tokenizer',
  });
}

/** `owner/name` and `owner/name-GGUF` hold one model. */
const bareRepo = (repo: string): string => repo.replace(/-GGUF$/i, '');

function isSamePlace(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

function hasSameFile(folder: string, { kind, path }: Exclude<ModelReference, { kind: 'hub' }>): boolean {
  if (kind !== 'folder') return false;
  try {
    const [theirs, own] = [folder, path].map((place) => readFileSync(join(place, 'tokenizer.json')));
    return own !== undefined && theirs?.equals(own) === true;
  } catch {
    return false;
  }
}
