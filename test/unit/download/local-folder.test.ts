import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hubContent } from '../../fixtures/hub-content.ts';
import { listRepo } from '../../../src/download/list-repo.ts';
import { fetchRepo, readAll } from './fetch-repo.ts';
import { openTestHub, REPO, type TestHub } from './open-test-hub.ts';

const FILES = { 'config.json': '{}', 'a/model.safetensors': 'weights '.repeat(1_000) };

async function openWithFolder(
  t: TestContext,
): Promise<TestHub & { path: string; storeRequests: () => number }> {
  const test = await openTestHub(t, { repos: { [REPO]: { files: FILES } } });
  const storeRequests = (): number => test.server.requests.filter(({ kind }) => kind === 'store').length;
  return { ...test, path: join(test.folder, 'here'), storeRequests };
}

test('a folder gets real files, and notes that Python tools read', async (t) => {
  const { hub, path, server } = await openWithFolder(t);
  const { snapshot } = await fetchRepo(hub, { destination: { kind: 'folder', path } });
  assert.deepEqual([snapshot.folder, readAll(snapshot)], [path, FILES]);
  assert.ok(lstatSync(join(path, 'config.json')).isFile());
  const note = readFileSync(join(path, '.cache/huggingface/download/a/model.safetensors.metadata'), 'utf8');
  const [commit, etag, time] = note.split('\n');
  assert.deepEqual([commit, etag], [server.commitOf(REPO), hubContent(FILES['a/model.safetensors']).sha256]);
  assert.ok(Math.abs(Number(time) - Date.now() / 1_000) < 60);
  assert.equal(readFileSync(join(path, '.cache/huggingface/.gitignore'), 'utf8'), '*\n');
});

test('a complete folder is left alone', async (t) => {
  const { hub, path, storeRequests } = await openWithFolder(t);
  await fetchRepo(hub, { destination: { kind: 'folder', path } });
  const { events } = await fetchRepo(hub, { destination: { kind: 'folder', path } });
  assert.equal(storeRequests(), 1);
  assert.equal(events.filter(({ kind }) => kind === 'file-skipped').length, 2);
});

test('a commit that a folder holds is listed without a request', async (t) => {
  const { hub, path, server } = await openWithFolder(t);
  await fetchRepo(hub, { destination: { kind: 'folder', path } });
  const before = server.requests.length;
  const pinned = { repo: REPO, revision: server.commitOf(REPO) };
  const { from, files } = await listRepo(hub, pinned, { localFolder: path });
  assert.deepEqual([from, files.length, server.requests.length], ['cache', 2, before]);
});

test('a file without a note is adopted when its digest fits', async (t) => {
  const { hub, path, storeRequests } = await openWithFolder(t);
  mkdirSync(join(path, 'a'), { recursive: true });
  writeFileSync(join(path, 'a/model.safetensors'), FILES['a/model.safetensors']);
  await fetchRepo(hub, { destination: { kind: 'folder', path } });
  assert.equal(storeRequests(), 0);
});

test('a file that does not fit is replaced', async (t) => {
  const { hub, path, storeRequests } = await openWithFolder(t);
  mkdirSync(join(path, 'a'), { recursive: true });
  writeFileSync(join(path, 'a/model.safetensors'), 'WEIGHTS '.repeat(1_000));
  const { snapshot } = await fetchRepo(hub, { destination: { kind: 'folder', path } });
  assert.deepEqual([storeRequests(), readAll(snapshot)], [1, FILES]);
});

test('what the cache has is copied, unless it is spoilt', async (t) => {
  const { hub, path, storeRequests } = await openWithFolder(t);
  const { snapshot } = await fetchRepo(hub);
  const copied = await fetchRepo(hub, { destination: { kind: 'folder', path } });
  assert.deepEqual([storeRequests(), readAll(copied.snapshot)], [1, FILES]);
  writeFileSync(join(snapshot.folder, 'a/model.safetensors'), 'WEIGHTS '.repeat(1_000));
  const fetched = await fetchRepo(hub, { destination: { kind: 'folder', path: `${path}-too` } });
  assert.deepEqual([storeRequests(), readAll(fetched.snapshot)], [2, FILES]);
});
