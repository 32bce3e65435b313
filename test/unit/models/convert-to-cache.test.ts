import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOfFolder } from '../../../src/models/convert-to-cache.ts';

test("a model is called as its folder is, and a snapshot of the hub's cache as its repository", () => {
  const commit = '0123456789'.repeat(4);
  assert.equal(nameOfFolder('/models/Qwen3-Embedding-0.6B/'), 'Qwen3-Embedding-0.6B');
  assert.equal(
    nameOfFolder(`/hub/models--Qwen--Qwen3-Embedding-4B/snapshots/${commit}`),
    'Qwen3-Embedding-4B',
  );
  assert.equal(nameOfFolder(`/other/snapshots/${commit}`), commit);
});
