import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import { readCheckpoint } from '../../../src/convert/checkpoint.ts';
import { assertFault, renderSafetensors, writeFiles, zeros } from './small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

function folderWith(files: Record<string, unknown>): string {
  const folder = join(makeTemporaryFolder(), 'model');
  writeFiles(folder, { 'config.json': {}, ...files });
  return folder;
}

const shard = (...names: string[]): Buffer => renderSafetensors(names.map((name) => zeros(name, [1])));
const INDEX = 'model.safetensors.index.json';
const index = (weightMap: Record<string, unknown>): object => ({ weight_map: weightMap });
const namesIn = (folder: string): string[] => readCheckpoint(folder).map(({ name }) => name);

test('tensors come shard by shard, not sorted over all shards', () => {
  const folder = folderWith({
    'model-2.safetensors': shard('a'),
    'model-1.safetensors': shard('z', 'b'),
    [INDEX]: index({ a: 'model-2.safetensors', b: 'model-1.safetensors', z: 'model-1.safetensors' }),
  });
  assert.deepEqual(namesIn(folder), ['b', 'z', 'a']);
});

test('without an index every model*.safetensors counts', () => {
  const files = {
    'model-b.safetensors': shard('x'),
    'model-a.safetensors': shard('y'),
    'other.safetensors': shard('o'),
  };
  assert.deepEqual(namesIn(folderWith(files)), ['y', 'x']);
});

test('a name in two shards keeps its first place and its last data', () => {
  const folder = folderWith({ 'model-1.safetensors': shard('a', 'b'), 'model-2.safetensors': shard('a') });
  const [first] = readCheckpoint(folder);
  assert.deepEqual(namesIn(folder), ['a', 'b']);
  assert.equal(first?.path, join(folder, 'model-2.safetensors'));
});

test('a shard that the index lists and nobody fetched is named', () => {
  const folder = folderWith({ [INDEX]: index({ a: 'model-00002-of-00002.safetensors' }) });
  assertFault(() => readCheckpoint(folder), 'MODEL_MISSING', /model-00002-of-00002.safetensors missing/);
});

test('names must match both ways', () => {
  const only = (weightMap: Record<string, string>): string =>
    folderWith({ 'model-1.safetensors': shard('a'), [INDEX]: index(weightMap) });
  const file = 'model-1.safetensors';
  assertFault(
    () => readCheckpoint(only({ a: file, b: file })),
    'WEIGHTS_CORRUPT',
    /"b" and 0 more are in .* but in no file/,
  );
  assertFault(
    () => readCheckpoint(folderWith({ 'model-1.safetensors': shard('a', 'c'), [INDEX]: index({ a: file }) })),
    'WEIGHTS_CORRUPT',
    /"c" and 0 more are in the files but not in/,
  );
});

test('an index cannot point outside its folder', () => {
  for (const name of [
    '../model.safetensors',
    '/etc/model.safetensors',
    'a/b.safetensors',
    '..\\x.safetensors',
    'a\0.safetensors',
    'passwd',
    5,
  ])
    assertFault(
      () => readCheckpoint(folderWith({ [INDEX]: index({ a: name }) })),
      'WEIGHTS_CORRUPT',
      /names no .safetensors file/,
    );
});

test('an index without a weight map is corrupt, a broken one unreadable', () => {
  assertFault(() => readCheckpoint(folderWith({ [INDEX]: {} })), 'WEIGHTS_CORRUPT', /has no weight_map/);
  assertFault(() => readCheckpoint(folderWith({ [INDEX]: '{' })), 'FILE_UNREADABLE', /not valid JSON/);
});

test('a folder without .safetensors says what is missing', () => {
  assertFault(() => readCheckpoint(folderWith({})), 'MODEL_MISSING', /has no model\*.safetensors/);
  assertFault(() => readCheckpoint(folderWith({ 'pytorch_model.bin': 'x' })), 'MODEL_UNSUPPORTED', /PyTorch/);
});
