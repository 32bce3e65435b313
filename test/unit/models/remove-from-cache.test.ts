import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeFromCache } from '../../../src/models/remove-from-cache.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

/** Two snapshots of a repository that link to one content. */
function makeRepo() {
  const folder = makeTemporaryFolder();
  const blob = join(folder, 'blobs', 'c0ffee');
  mkdirSync(join(folder, 'blobs'));
  writeFileSync(blob, 'weights');
  const snapshots = ['older', 'newer'].map((commit) => join(folder, 'snapshots', commit));
  for (const snapshot of snapshots) {
    mkdirSync(snapshot, { recursive: true });
    symlinkSync('../../blobs/c0ffee', join(snapshot, 'model.safetensors'));
  }
  const [older = '', newer = ''] = snapshots;
  return { blob, older, newer };
}

test('a content that another snapshot links to stays until its last link goes', () => {
  const { blob, older, newer } = makeRepo();
  removeFromCache({ folder: older }, 'model.safetensors');
  assert.ok(!existsSync(join(older, 'model.safetensors')));
  assert.ok(existsSync(join(newer, 'model.safetensors')));
  removeFromCache({ folder: newer }, 'model.safetensors');
  assert.ok(!existsSync(blob));
});

test('a content whose link an ended run has removed goes by its own path', () => {
  const { blob, older, newer } = makeRepo();
  removeFromCache({ folder: older }, 'model.safetensors');
  removeFromCache({ folder: newer }, 'no such file', blob);
  assert.ok(existsSync(blob), 'as long as a snapshot links to it');
  removeFromCache({ folder: newer }, 'model.safetensors');
  writeFileSync(blob, 'weights');
  removeFromCache({ folder: newer }, 'model.safetensors', blob);
  assert.ok(!existsSync(blob));
});
