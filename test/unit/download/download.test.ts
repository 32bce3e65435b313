import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repoFolder } from '../../../src/download/cache-layout.ts';
import { listRepo } from '../../../src/download/list-repo.ts';
import { planDownload } from '../../../src/download/plan-download.ts';
import { startDownload } from '../../../src/download/start-download.ts';
import { hubContent } from '../../fixtures/hub-content.ts';
import { fetchRepo, readAll, codeOf } from './fetch-repo.ts';
import { openTestHub, REPO } from './open-test-hub.ts';

const WEIGHTS = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251)).toString('latin1');
const FILES = {
  'config.json': '{"a":1}',
  'sub/dir/empty.txt': '',
  'model.safetensors': Buffer.from(WEIGHTS, 'latin1'),
};
const EXPECTED = { 'config.json': '{"a":1}', 'sub/dir/empty.txt': '', 'model.safetensors': WEIGHTS };
const REPOS = { repos: { [REPO]: { files: FILES } } };
const PARTS = { partBytes: 50_000 };
const SHA256 = hubContent(FILES['model.safetensors']).sha256;

test('a download leaves the cache as Python tools leave it: blobs, relative links, ref and list', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const { snapshot } = await fetchRepo(hub, PARTS);
  const commit = server.commitOf(REPO);
  const folder = repoFolder(hub.settings, REPO);
  assert.equal(snapshot.folder, join(folder, 'snapshots', commit));
  assert.deepEqual(readAll(snapshot), EXPECTED);
  assert.equal(readlinkSync(join(snapshot.folder, 'model.safetensors')), `../../blobs/${SHA256}`);
  assert.equal(
    readlinkSync(join(snapshot.folder, 'sub/dir/empty.txt')),
    `../../../../blobs/${hubContent('').gitSha1}`,
  );
  assert.equal(readFileSync(join(folder, 'refs/main'), 'utf8'), commit);
  const { format_version: version } = JSON.parse(
    readFileSync(join(folder, `trees/${commit}.json`), 'utf8'),
  ) as {
    format_version: number;
  };
  assert.equal(version, 1);
  assert.deepEqual(
    readdirSync(join(folder, 'blobs')).sort(),
    [hubContent('{"a":1}').gitSha1, hubContent('').gitSha1, SHA256].sort(),
  );
});

test('a pinned commit that is complete makes no request at all', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const { snapshot } = await fetchRepo(hub);
  const before = server.requests.length;
  const again = await fetchRepo(hub, { revision: snapshot.commit });
  assert.equal(server.requests.length, before);
  assert.deepEqual(readAll(again.snapshot), EXPECTED);
});

test('a journal whose bytes are gone, as after a kill and a removal, is no reason not to fetch them', async (t) => {
  const { hub } = await openTestHub(t, REPOS);
  const blobs = join(repoFolder(hub.settings, REPO), 'blobs');
  mkdirSync(blobs, { recursive: true });
  const size = String(WEIGHTS.length);
  writeFileSync(
    join(blobs, `${SHA256}.qwen-embed.partial.ranges`),
    `qwen-embed 1 ${size} ${SHA256}\n0 ${size}\n`,
  );
  const { snapshot } = await fetchRepo(hub, PARTS);
  assert.deepEqual(readAll(snapshot), EXPECTED);
});

test('a blob that Python tools have fetched is linked, not fetched', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const blobs = join(repoFolder(hub.settings, REPO), 'blobs');
  mkdirSync(blobs, { recursive: true });
  writeFileSync(join(blobs, SHA256), FILES['model.safetensors']);
  const { snapshot } = await fetchRepo(hub);
  assert.deepEqual(readAll(snapshot), EXPECTED);
  assert.deepEqual(
    server.requests.filter(({ kind }) => kind === 'store'),
    [],
  );
});

test('the token goes to the hub and never to the store that it redirects to', async (t) => {
  const { open, server } = await openTestHub(t, { repos: { [REPO]: { files: FILES, token: 'secret' } } });
  await fetchRepo(await open({ token: 'secret' }), PARTS);
  const tokens = (kinds: string[]) =>
    new Set(
      server.requests.filter(({ kind }) => kinds.includes(kind)).map(({ headers }) => headers.authorization),
    );
  assert.deepEqual(tokens(['info', 'tree', 'file']), new Set(['Bearer secret']));
  assert.deepEqual(tokens(['store']), new Set([undefined]));
  assert.ok(!JSON.stringify(server.requests.filter(({ kind }) => kind === 'store')).includes('secret'));
});

test('ModelScope fills the same cache, under a ref of its own', async (t) => {
  const { open, server } = await openTestHub(t, { repos: { [REPO]: { files: FILES, token: 'secret' } } });
  const hub = await open({ source: 'modelscope', token: 'secret' });
  const { snapshot } = await fetchRepo(hub, PARTS);
  assert.deepEqual(readAll(snapshot), EXPECTED);
  const ref = join(repoFolder(hub.settings, REPO), 'refs/modelscope/master');
  assert.equal(readFileSync(ref, 'utf8'), snapshot.commit);
  assert.ok(server.requests.some(({ kind }) => kind === 'store'));
  assert.ok(!JSON.stringify(server.requests.filter(({ kind }) => kind === 'store')).includes('secret'));
});

test('after an abort the next run fetches only what is missing', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const stop = new AbortController();
  let seen = 0;
  server.misbehave = ({ kind }) => {
    if (kind === 'store' && ++seen === 4) stop.abort(new Error('ctrl-c'));
    return seen >= 4 ? { kind: 'stall', afterBytes: 0 } : null;
  };
  await assert.rejects(fetchRepo(hub, { ...PARTS, signal: stop.signal, connections: 1 }), /ctrl-c/);
  server.misbehave = () => null;
  const before = server.requests.length;
  const { events } = await fetchRepo(hub, { ...PARTS });
  const fetched = events.find(({ kind }) => kind === 'done');
  assert.ok(fetched?.kind === 'done' && fetched.fetchedBytes === 150_000, JSON.stringify(fetched));
  assert.equal(server.requests.slice(before).filter(({ kind }) => kind === 'store').length, 3);
});

test('files become ready in the order in which they are wanted, each before the whole is done', async (t) => {
  const { hub } = await openTestHub(t, REPOS);
  const { files, ...listing } = await listRepo(hub, { repo: REPO, revision: null });
  const order = files.map(({ path }) => path).reverse();
  const wanted = order.flatMap((path) => files.filter((file) => file.path === path));
  const plan = await planDownload(
    hub,
    { ...listing, files },
    { files: wanted, destination: { kind: 'cache' } },
  );
  const ended: string[] = [];
  const download = startDownload(hub, plan, { ...PARTS, connections: 1 });
  await Promise.all(order.map(async (path) => ended.push(await download.ready(path))));
  assert.equal(ended.length, 3);
  await download.done;
});

test('a range can be read before its file is there, and after', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const listing = await listRepo(hub, { repo: REPO, revision: null });
  const plan = await planDownload(hub, listing, { files: listing.files, destination: { kind: 'cache' } });
  const download = startDownload(hub, plan, PARTS);
  const range = { start: 7, end: 100_007 };
  assert.equal(
    (await download.readRange('model.safetensors', range)).toString('latin1'),
    WEIGHTS.slice(7, 100_007),
  );
  await download.done;
  const before = server.requests.length;
  assert.equal(
    (await download.readRange('model.safetensors', range)).toString('latin1'),
    WEIGHTS.slice(7, 100_007),
  );
  assert.equal(server.requests.length, before);
  assert.equal(await codeOf(download.ready('other.bin')), 'REPO_FILE_UNKNOWN');
});

test('a disk that is too small is a fault before the first byte', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  await assert.rejects(fetchRepo(hub, { peakBytes: 1e18 }), {
    code: 'DISK_FULL',
    message: /1000000000\.0 GB/,
  });
  assert.ok(server.requests.every(({ kind }) => kind === 'info' || kind === 'tree'));
  assert.ok(!existsSync(repoFolder(hub.settings, REPO)));
});

test('offline, what is missing is named', async (t) => {
  const { hub, open } = await openTestHub(t, REPOS);
  const listing = await listRepo(hub, { repo: REPO, revision: null });
  const offline = await open({ offline: true });
  const plan = await planDownload(offline, listing, { files: listing.files, destination: { kind: 'cache' } });
  await assert.rejects(startDownload(offline, plan).done, {
    code: 'HUB_OFFLINE',
    message: /3 of its files are not in/,
  });
});

test('where links are not allowed, files lie in the snapshot themselves', async (t) => {
  const { open } = await openTestHub(t, REPOS);
  const hub = await open({ env: { HF_HUB_DISABLE_SYMLINKS: '1' } });
  const { snapshot } = await fetchRepo(hub, PARTS);
  assert.deepEqual(readAll(snapshot), EXPECTED);
  assert.throws(() => readlinkSync(join(snapshot.folder, 'model.safetensors')));
  assert.deepEqual(readdirSync(join(repoFolder(hub.settings, REPO), 'blobs')), []);
});
