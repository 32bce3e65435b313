import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { listCached, listRepo } from '../../../src/download/list-repo.ts';
import { keepListing, keepRef } from '../../../src/download/kept-listings.ts';
import { repoFolder, treePath } from '../../../src/download/cache-layout.ts';
import { rewriteToEndpoint } from '../../../src/download/sources.ts';
import { hubContent } from '../../fixtures/hub-content.ts';
import { openTestHub, REPO } from './open-test-hub.ts';

const BIG = 'x'.repeat(2_000);
const REPOS = { repos: { [REPO]: { files: { 'config.json': '{}', 'a/model.safetensors': BIG } } } };
const MAIN = { repo: REPO, revision: null };
const code = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no fault',
    (error: unknown) => (error instanceof Fault ? (error as Fault).code : String(error)),
  );

test('a listing names the commit, and each file with its size and the digest that git or LFS knows', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const { commit, files, from } = await listRepo(hub, MAIN);
  assert.deepEqual([commit, from], [server.commitOf(REPO), 'hub']);
  assert.deepEqual(files, [
    { path: 'config.json', sizeBytes: 2, digest: { kind: 'gitSha1', hex: hubContent('{}').gitSha1 } },
    {
      path: 'a/model.safetensors',
      sizeBytes: 2_000,
      digest: { kind: 'sha256', hex: hubContent(BIG).sha256 },
    },
  ]);
});

test('a listing in pages is read to its end, at the endpoint in use', async (t) => {
  const { hub } = await openTestHub(t, { ...REPOS, pageEntries: 1 });
  assert.equal((await listRepo(hub, MAIN)).files.length, 2);
});

test('a renamed repository is found under its old name', async (t) => {
  const { hub } = await openTestHub(t, { ...REPOS, renamed: { 'old/name': REPO } });
  assert.equal((await listRepo(hub, { repo: 'old/name', revision: null })).files.length, 2);
});

test('ModelScope lists the same files, all with sha256', async (t) => {
  const { open } = await openTestHub(t, REPOS);
  const listing = await listRepo(await open({ source: 'modelscope' }), MAIN);
  assert.equal(listing.revision, 'master');
  assert.deepEqual(
    listing.files.map(({ digest }) => digest.hex),
    [hubContent('{}').sha256, hubContent(BIG).sha256],
  );
});

test('a pinned commit whose list is kept costs no request', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const first = await listRepo(hub, MAIN);
  await keepListing(treePath(repoFolder(hub.settings, REPO), first.commit), first.files);
  const before = server.requests.length;
  const again = await listRepo(hub, { repo: REPO, revision: first.commit });
  assert.deepEqual([again.files, again.from, server.requests.length], [first.files, 'cache', before]);
});

test('offline, a branch is what it was when last fetched', async (t) => {
  const { hub, open, server } = await openTestHub(t, REPOS);
  const { commit, files } = await listRepo(hub, MAIN);
  const folder = repoFolder(hub.settings, REPO);
  await keepListing(treePath(folder, commit), files);
  await keepRef(folder, 'main', commit);
  const before = server.requests.length;
  const offline = await listRepo(await open({ offline: true }), MAIN);
  assert.deepEqual([offline.commit, offline.files, server.requests.length], [commit, files, before]);
});

test('the newest list on disk can be had without a request while online', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  assert.equal(await listCached(hub, MAIN), null);
  const folder = repoFolder(hub.settings, REPO);
  const files = [
    { path: 'config.json', sizeBytes: 2, digest: { kind: 'gitSha1' as const, hex: 'b'.repeat(40) } },
  ];
  await keepListing(treePath(folder, 'a'.repeat(40)), files);
  await keepRef(folder, 'main', 'a'.repeat(40));
  assert.deepEqual((await listCached(hub, MAIN))?.files, files);
  assert.deepEqual(server.requests, []);
});

test('offline, the snapshot that older Python tools left is listed by its links', async (t) => {
  const { hub, open } = await openTestHub(t, REPOS);
  const folder = repoFolder(hub.settings, REPO);
  const commit = 'a'.repeat(40);
  const { sha256 } = hubContent(BIG);
  for (const name of ['blobs', 'refs', `snapshots/${commit}/a`])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'blobs', sha256), BIG);
  writeFileSync(join(folder, 'refs/main'), commit);
  symlinkSync(`../../../blobs/${sha256}`, join(folder, `snapshots/${commit}/a/model.safetensors`));
  const listing = await listRepo(await open({ offline: true }), MAIN);
  assert.equal(listing.from, 'snapshot');
  assert.deepEqual(listing.files, [
    { path: 'a/model.safetensors', sizeBytes: 2_000, digest: { kind: 'sha256', hex: sha256 } },
  ]);
});

test('offline without a cache is a fault of its own', async (t) => {
  const { open } = await openTestHub(t, REPOS);
  assert.equal(await code(listRepo(await open({ offline: true }), MAIN)), 'HUB_OFFLINE');
});

test('a hub out of reach is replaced by the cache, and the listing says so', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const { commit, files } = await listRepo(hub, MAIN);
  const folder = repoFolder(hub.settings, REPO);
  await keepListing(treePath(folder, commit), files);
  await keepRef(folder, 'main', commit);
  server.misbehave = () => ({ kind: 'status', status: 503 });
  const listing = await listRepo(hub, MAIN);
  assert.equal(listing.from, 'cache');
  assert.match(listing.notice ?? '', /status 503.*; using .* as it was last fetched/);
});

const REFUSALS: [
  string,
  Parameters<typeof openTestHub>[1],
  { repo: string; revision: string | null },
  string,
][] = [
  ['an unknown repository', REPOS, { repo: 'no/such', revision: null }, 'REPO_UNKNOWN'],
  ['an unknown revision', REPOS, { repo: REPO, revision: 'v9' }, 'REVISION_UNKNOWN'],
  ['a private repository', { repos: { [REPO]: { files: {}, token: 's' } } }, MAIN, 'REPO_UNKNOWN'],
  ['a gated repository', { repos: { [REPO]: { files: {}, token: 's', gated: true } } }, MAIN, 'REPO_GATED'],
  ['a name that leaves the cache', REPOS, { repo: '../up', revision: null }, 'BAD_OPTION'],
  ['a revision that leaves the cache', REPOS, { repo: REPO, revision: '../up' }, 'REVISION_UNKNOWN'],
  ['a listed file outside its folder', { repos: { [REPO]: { files: { '../x': '' } } } }, MAIN, 'HUB_UNFIT'],
  ['a listed absolute path', { repos: { [REPO]: { files: { '/etc/x': '' } } } }, MAIN, 'HUB_UNFIT'],
  ['a listed Windows path', { repos: { [REPO]: { files: { 'C:\\x': '' } } } }, MAIN, 'HUB_UNFIT'],
];
for (const [what, repos, wanted, expected] of REFUSALS)
  test(`${what} is ${expected}`, async (t) => {
    const { hub } = await openTestHub(t, repos);
    assert.equal(await code(listRepo(hub, wanted)), expected);
  });

test('a wrong token is told apart from an unknown repository', async (t) => {
  const { open } = await openTestHub(t, { repos: { [REPO]: { files: {}, token: 'right' } } });
  assert.equal(await code(listRepo(await open({ token: 'wrong' }), MAIN)), 'HUB_FORBIDDEN');
});

test('a token in its file opens a private repository', async (t) => {
  const { open, folder } = await openTestHub(t, {
    repos: { [REPO]: { ...REPOS.repos[REPO], token: 'right' } },
  });
  writeFileSync(join(folder, 'token'), 'right\n');
  const hub = await open({ env: { HF_TOKEN_PATH: join(folder, 'token') } });
  assert.equal((await listRepo(hub, MAIN)).files.length, 2);
});

test('a wait that is too long is a fault with the wait in it', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  server.misbehave = () => ({ kind: 'status', status: 429, headers: { ratelimit: '"api";r=0;t=55' } });
  await assert.rejects(listRepo(hub, MAIN), { code: 'HUB_RATE_LIMITED', message: /asks to wait 56 seconds/ });
});

test('a host that cannot be reached is named with what to try instead', async (t) => {
  const { open } = await openTestHub(t, REPOS);
  const hub = await open({ endpoint: 'http://127.0.0.1:1' });
  await assert.rejects(listRepo(hub, MAIN), (error: Fault) => {
    assert.match(error.message, /^cannot fetch from 127\.0\.0\.1:1: nothing listens there$/);
    assert.match(error.hint, /--source modelscope or set HF_ENDPOINT/);
    return true;
  });
});

test('requests go through the proxy of the environment, except to hosts that NO_PROXY names', async (t) => {
  const { open } = await openTestHub(t, REPOS);
  const env = { http_proxy: 'http://127.0.0.1:1' };
  assert.equal(await code(listRepo(await open({ env }), MAIN)), 'HUB_UNREACHABLE');
  const around = await open({ env: { ...env, NO_PROXY: '127.0.0.1' } });
  assert.equal((await listRepo(around, MAIN)).from, 'hub');
});

test('links of a mirror to the official host lead to the mirror', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  const link = new URL('https://huggingface.co/api/models/a/b/tree/main?cursor=2');
  assert.equal(rewriteToEndpoint(link, hub.settings).href, `${server.url}/api/models/a/b/tree/main?cursor=2`);
  const other = new URL('https://cas-bridge.xethub.hf.co/x');
  assert.equal(rewriteToEndpoint(other, hub.settings), other);
});

test('an answer that is no list is HUB_UNFIT', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  server.misbehave = () => ({ kind: 'status', status: 200, body: '<html>log in to the hotel</html>' });
  assert.equal(await code(listRepo(hub, MAIN)), 'HUB_UNFIT');
});

test('a hub that is silent about a listing is given up after the time for listings', async (t) => {
  const { open, server } = await openTestHub(t, REPOS);
  server.misbehave = () => ({ kind: 'stall', afterBytes: 0 });
  const hub = await open();
  hub.settings.timing = { ...hub.settings.timing, idleMs: 3_600_000 };
  assert.equal(await code(listRepo(hub, MAIN)), 'HUB_UNREACHABLE');
});
