import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSmallFile } from '../../../src/convert/files.ts';
import { readGgufHeader } from '../../../src/convert/gguf-read.ts';
import { readSafetensors } from '../../../src/convert/safetensors.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';

for (const [name, read] of [
  ['model.safetensors', readSafetensors],
  ['tokenizer.json', readSmallFile],
  ['model.gguf', readGgufHeader],
] as const)
  test(`a Git LFS pointer in the place of ${name} is called by its name`, () => {
    const path = join(makeTemporaryFolder(), name);
    writeFileSync(path, POINTER);
    assert.throws(() => read(path), {
      code: 'FILE_UNREADABLE',
      message: `${path}: is a Git LFS pointer, not the file itself`,
    });
  });
