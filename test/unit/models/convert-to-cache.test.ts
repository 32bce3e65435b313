import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Fault } from '../../../src/faults.ts';
import { convertToCache, nameOfFolder } from '../../../src/models/convert-to-cache.ts';
import { makeSmallModel } from '../convert/small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

test("a model is called as its folder is, and a snapshot of the hub's cache as its repository", () => {
  const commit = '0123456789'.repeat(4);
  assert.equal(nameOfFolder('/models/Qwen3-Embedding-0.6B/'), 'Qwen3-Embedding-0.6B');
  assert.equal(
    nameOfFolder(`/hub/models--Qwen--Qwen3-Embedding-4B/snapshots/${commit}`),
    'Qwen3-Embedding-4B',
  );
  assert.equal(nameOfFolder(`/other/snapshots/${commit}`), commit);
});

test('a cache that cannot be made or looked into is told with the option that moves it', async () => {
  const modelFolder = makeSmallModel();
  const file = join(makeTemporaryFolder(), 'file');
  writeFileSync(file, '');
  const converted = convertToCache({ modelFolder, cacheFolder: file, outtype: 'f16' });
  await assert.rejects(converted, (error: Fault) => {
    assert.equal(error.code, 'FILE_UNWRITABLE');
    assert.equal(error.hint, 'check free space and permissions, or choose another place with --cache-folder');
    return true;
  });
});
