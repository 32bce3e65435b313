// What --model-path leads to, and what is said where it leads beside a model.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findModel } from '../../../src/models/find-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const USUAL = 'give a Hugging Face folder (config.json, tokenizer.json, *.safetensors) or a .gguf file';

for (const [what, path, hint] of [
  ['a .gguf file', ['model-q8_0.gguf'], null],
  ["a repository's snapshot", ['snapshots', '0123', 'config.json'], ['snapshots', '0123']],
  ['nothing', ['readme.txt'], undefined],
] as const)
  test(`a folder without config.json, with ${what} in it, is refused with ${hint === undefined ? 'the usual hint' : 'its path'}`, () => {
    const folder = makeTemporaryFolder();
    mkdirSync(join(folder, ...path.slice(0, -1)), { recursive: true });
    writeFileSync(join(folder, ...path), '{}');
    assert.throws(() => findModel(folder), {
      code: 'MODEL_MISSING',
      hint: hint === undefined ? USUAL : `name what is in it: ${join(folder, ...(hint ?? path))}`,
    });
  });
