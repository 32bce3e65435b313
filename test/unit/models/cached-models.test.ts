// The two caches as they look after downloads by this program and by others, and what may be taken out of them.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { listCachedModels } from '../../../src/models/cached-models.ts';
import type { CacheFolders } from '../../../src/models/places.ts';
import { carryOutRemoval, planRemoval } from '../../../src/models/remove-models.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const COMMIT = 'a'.repeat(40);
const NEWER = 'b'.repeat(40);

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function addFile(
  repo: string,
  { commit, path, content }: { commit: string; path: string; content: string },
): void {
  const blob = join(repo, 'blobs', `blob-of-${content.slice(0, 8)}`.replaceAll(/\W/g, '-'));
  const link = join(repo, 'snapshots', commit, path);
  write(blob, content);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(relative(dirname(link), blob), link);
}

function makeCaches(): CacheFolders {
  const folder = makeTemporaryFolder();
  const [hubFolder, cacheFolder] = [join(folder, 'hub'), join(folder, 'own')];
  const plain = join(hubFolder, 'models--Qwen--Qwen3-Embedding-0.6B');
  for (const commit of [COMMIT, NEWER]) {
    addFile(plain, { commit, path: 'config.json', content: '{"model_type": "qwen3"}' });
    addFile(plain, { commit, path: 'model.safetensors', content: 'w'.repeat(1_000) });
  }
  write(join(hubFolder, '.locks', 'models--Qwen--Qwen3-Embedding-0.6B', 'x.lock'), '');
  const gguf = join(hubFolder, 'models--Qwen--Qwen3-Embedding-4B-GGUF');
  addFile(gguf, { commit: COMMIT, path: 'M-Q8_0.gguf', content: 'q'.repeat(800) });
  addFile(gguf, { commit: COMMIT, path: 'M-Q4_K_M.gguf', content: 'k'.repeat(400) });
  write(join(gguf, 'blobs', 'c0ffee.qwen-embed.partial'), 'half');
  addFile(join(hubFolder, 'models--other--bert'), {
    commit: COMMIT,
    path: 'config.json',
    content: '{"model_type": "bert"}',
  });
  const converted = join(cacheFolder, 'converted');
  write(
    join(
      converted,
      'hub',
      'huggingface',
      'Qwen--Qwen3-Embedding-0.6B',
      COMMIT,
      'Qwen3-Embedding-0.6B-bf16-v2.gguf',
    ),
    'c'.repeat(900),
  );
  write(join(converted, `local-q8_0-${'0'.repeat(20)}.gguf`), 'l'.repeat(500));
  return { hubFolder, cacheFolder };
}

test('models that can be served are listed with commit, type and size; other families are passed by', () => {
  const rows = listCachedModels(makeCaches()).map(
    ({ name, place, commit, type, sizeBytes }) =>
      `${name} ${place} ${commit?.slice(0, 1) ?? '-'} ${type} ${String(sizeBytes)}`,
  );
  assert.deepEqual(rows, [
    'Qwen/Qwen3-Embedding-0.6B converted a bf16 900',
    'Qwen/Qwen3-Embedding-0.6B hub a safetensors 1023',
    'Qwen/Qwen3-Embedding-0.6B hub b safetensors 1023',
    'Qwen/Qwen3-Embedding-4B-GGUF hub a Q4_K_M 400',
    'Qwen/Qwen3-Embedding-4B-GGUF hub a Q8_0 800',
    'Qwen/Qwen3-Embedding-4B-GGUF hub - unfinished 4',
    'local converted - q8_0 500',
  ]);
});

test('an unfinished conversion is listed with the disk that it takes, and goes with its note', () => {
  const { cacheFolder, hubFolder } = makeCaches();
  const folder = join(cacheFolder, 'converted', 'hub', 'huggingface', 'Qwen--Qwen3-Embedding-8B', COMMIT);
  const path = join(folder, 'Qwen3-Embedding-8B-q8_0-v2.gguf.unfinished');
  write(path, 'begun');
  truncateSync(path, 1e9);
  write(`${path}.json`, '{}');
  const found = listCachedModels({ cacheFolder, hubFolder }).find(({ name }) => name.endsWith('8B'));
  const { name, type, commit, sizeBytes = NaN } = found ?? {};
  assert.deepEqual(
    { name, type, commit },
    { name: 'Qwen/Qwen3-Embedding-8B', type: 'unfinished', commit: COMMIT },
  );
  assert.ok(sizeBytes < 1e6, String(sizeBytes));
  remove(path, { cacheFolder, hubFolder });
  assert.deepEqual(readdirSync(folder), []);
});

test('a snapshot that lacks shards of its index is called incomplete', () => {
  const { cacheFolder, hubFolder } = makeCaches();
  const repo = join(hubFolder, 'models--Qwen--Qwen3-Embedding-8B');
  const index =
    '{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}';
  addFile(repo, { commit: COMMIT, path: 'config.json', content: ' {"model_type": "qwen3"}' });
  addFile(repo, { commit: COMMIT, path: 'model.safetensors.index.json', content: index });
  addFile(repo, { commit: COMMIT, path: 'model-00002-of-00002.safetensors', content: 'second' });
  const typeOf = (): string | undefined =>
    listCachedModels({ cacheFolder, hubFolder }).find(({ name }) => name.endsWith('8B'))?.type;
  assert.equal(typeOf(), 'incomplete');
  addFile(repo, { commit: COMMIT, path: 'model-00001-of-00002.safetensors', content: 'first' });
  assert.equal(typeOf(), 'safetensors');
});

test('empty and missing caches list nothing', () => {
  const folder = makeTemporaryFolder();
  assert.deepEqual(listCachedModels({ hubFolder: join(folder, 'no'), cacheFolder: folder }), []);
});

function remove(target: string, folders: CacheFolders): number {
  const removals = planRemoval(target, folders);
  for (const removal of removals) carryOutRemoval(removal);
  return removals.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

test('a repository goes from both caches with all its files, and nothing else does', () => {
  const folders = makeCaches();
  assert.equal(remove('Qwen/Qwen3-Embedding-0.6B', folders), 1_023 + 900);
  assert.deepEqual(readdirSync(folders.hubFolder).sort(), [
    '.locks',
    'models--Qwen--Qwen3-Embedding-4B-GGUF',
    'models--other--bert',
  ]);
  assert.deepEqual(
    listCachedModels(folders).map(({ name }) => name),
    ['Qwen/Qwen3-Embedding-4B-GGUF', 'Qwen/Qwen3-Embedding-4B-GGUF', 'Qwen/Qwen3-Embedding-4B-GGUF', 'local'],
  );
});

test('one type of a GGUF repository goes with its content', () => {
  const folders = makeCaches();
  assert.equal(remove('Qwen/Qwen3-Embedding-4B-GGUF:q8_0', folders), 800);
  const blobs = join(folders.hubFolder, 'models--Qwen--Qwen3-Embedding-4B-GGUF', 'blobs');
  assert.deepEqual(readdirSync(blobs).sort(), ['blob-of-kkkkkkkk', 'c0ffee.qwen-embed.partial']);
});

test('a converted file goes by its name or its path', () => {
  const folders = makeCaches();
  const name = `local-q8_0-${'0'.repeat(20)}.gguf`;
  assert.equal(remove(name, folders), 500);
  const path = join(
    folders.cacheFolder,
    'converted',
    'hub',
    'huggingface',
    'Qwen--Qwen3-Embedding-0.6B',
    COMMIT,
  );
  assert.equal(remove(join(path, 'Qwen3-Embedding-0.6B-bf16-v2.gguf'), folders), 900);
});

test('a path outside of the caches and a model that is not cached remove nothing', () => {
  const folders = makeCaches();
  const outside = join(makeTemporaryFolder(), 'mine.gguf');
  write(outside, 'mine');
  for (const target of [outside, 'Qwen/Qwen3-Embedding-8B', '../own', 'other/..'])
    assert.throws(
      () => planRemoval(target, folders),
      (error) => error instanceof Fault && error.code === 'MODEL_MISSING',
    );
  assert.ok(existsSync(outside));
});

test('a .gguf file whose name says no type is listed as gguf, and goes by that', () => {
  const folders = makeCaches();
  const repo = join(folders.hubFolder, 'models--me--mystery');
  addFile(repo, { commit: COMMIT, path: 'mystery.gguf', content: 'm'.repeat(300) });
  assert.equal(listCachedModels(folders).find(({ name }) => name === 'me/mystery')?.type, 'gguf');
  assert.equal(remove('me/mystery:gguf', folders), 300);
});

test('one revision alone is not removed, because revisions share files', () => {
  const folders = makeCaches();
  assert.throws(() => planRemoval(`Qwen/Qwen3-Embedding-0.6B@${COMMIT}`, folders), {
    code: 'BAD_OPTION',
    hint: 'remove all of it: qwen-embed remove Qwen/Qwen3-Embedding-0.6B',
  });
});

test('planning removes nothing', () => {
  const folders = makeCaches();
  const before = listCachedModels(folders).length;
  planRemoval('Qwen/Qwen3-Embedding-0.6B', folders);
  assert.equal(listCachedModels(folders).length, before);
});
