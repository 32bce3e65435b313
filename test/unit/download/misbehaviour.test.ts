import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Fault } from '../../../src/faults.ts';
import { repoFolder } from '../../../src/download/cache-layout.ts';
import type { HubServer } from '../../fixtures/hub-server.ts';
import type { Misbehaviour } from '../../fixtures/hub-content.ts';
import { codeOf, fetchRepo, readAll } from './fetch-repo.ts';
import { openTestHub, REPO, type TestHub } from './open-test-hub.ts';

const WEIGHTS = Buffer.alloc(200_000, 'seventeen letters');
const FILES = { 'model.safetensors': WEIGHTS };
const REPOS = { repos: { [REPO]: { files: FILES } } };
const PARTS = { partBytes: 50_000 };

/** Misbehaves on the first `times` requests to hub or store for the file. */
function spoil(server: HubServer, kind: 'file' | 'store', bad: Misbehaviour, times = 1): void {
  let left = times;
  server.misbehave = (request) => (request.kind === kind && left-- > 0 ? bad : null);
}

async function assertRight({ hub }: TestHub): Promise<void> {
  const { snapshot } = await fetchRepo(hub, PARTS);
  assert.ok(readAll(snapshot)['model.safetensors'] === WEIGHTS.toString('latin1'), 'the content is right');
}

/** Neither a snapshot nor a blob under a name that anyone would read. */
function assertNothingNamed({ hub, server }: TestHub): void {
  const folder = repoFolder(hub.settings, REPO);
  assert.ok(!existsSync(join(folder, 'snapshots', server.commitOf(REPO), 'model.safetensors')));
  assert.deepEqual(
    readdirSync(join(folder, 'blobs')).filter((name) => !name.includes('.qwen-embed.')),
    [],
  );
  assert.ok(!existsSync(join(folder, 'refs/main')));
}

const PASSING: [string, 'file' | 'store', Misbehaviour][] = [
  ['a cut before the first byte', 'store', { kind: 'cut', afterBytes: 0 }],
  ['a cut in the middle', 'store', { kind: 'cut', afterBytes: 31_234 }],
  ['a cut at the hub', 'file', { kind: 'cut', afterBytes: 0 }],
  ['a stall', 'store', { kind: 'stall', afterBytes: 10 }],
  ['a wrong byte', 'store', { kind: 'wrong-byte', at: 12_345 }],
  ['a wrong digest in a header', 'file', { kind: 'wrong-etag' }],
  ['a wrong commit in a header', 'file', { kind: 'wrong-commit' }],
  ['a wrong size in a header', 'file', { kind: 'wrong-size' }],
  ['the whole file for a range', 'store', { kind: 'ignore-range' }],
  ['a 416', 'store', { kind: 'status', status: 416 }],
  ['a 500', 'file', { kind: 'status', status: 500 }],
  ['a link that has run out', 'store', { kind: 'status', status: 403 }],
  ['a 429 with a short wait', 'file', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
];
for (const [what, kind, bad] of PASSING)
  test(`${what} is got over`, async (t) => {
    const opened = await openTestHub(t, REPOS);
    spoil(opened.server, kind, bad);
    await assertRight(opened);
  });

test('a download that another process has taken over names nothing', async (t) => {
  const opened = await openTestHub(t, REPOS);
  const locks = join(opened.hub.settings.cacheFolder, '.locks');
  opened.server.misbehave = ({ kind }) => {
    if (kind === 'store')
      for (const name of readdirSync(locks, { recursive: true, encoding: 'utf8' }))
        if (name.endsWith('.lock')) rmSync(join(locks, name), { force: true });
    return null;
  };
  await assert.rejects(fetchRepo(opened.hub, PARTS), {
    code: 'FILE_UNWRITABLE',
    message: /another process has taken this download over/,
  });
  assertNothingNamed(opened);
  await assertRight(opened);
});

const LASTING: [string, 'file' | 'store', Misbehaviour, string][] = [
  ['cuts', 'store', { kind: 'cut', afterBytes: 0 }, 'HUB_UNREACHABLE'],
  ['stalls', 'store', { kind: 'stall', afterBytes: 0 }, 'HUB_UNREACHABLE'],
  ['a wrong byte', 'store', { kind: 'wrong-byte', at: 12_345 }, 'DOWNLOAD_MISMATCH'],
  ['a wrong digest in a header', 'file', { kind: 'wrong-etag' }, 'DOWNLOAD_MISMATCH'],
  ['a changed commit', 'file', { kind: 'wrong-commit' }, 'DOWNLOAD_MISMATCH'],
  ['416', 'store', { kind: 'status', status: 416 }, 'DOWNLOAD_MISMATCH'],
  ['500', 'file', { kind: 'status', status: 500 }, 'HUB_FAILED'],
  [
    'a file that is gone',
    'file',
    { kind: 'status', status: 404, headers: { 'x-error-code': 'EntryNotFound' } },
    'REPO_FILE_UNKNOWN',
  ],
  [
    '429 with a long wait',
    'file',
    { kind: 'status', status: 429, headers: { 'retry-after': '300' } },
    'HUB_RATE_LIMITED',
  ],
  [
    'redirects without end',
    'file',
    { kind: 'status', status: 302, headers: { location: `/${REPO}/resolve/main/x` } },
    'HUB_UNFIT',
  ],
];
for (const [what, kind, bad, expected] of LASTING)
  test(`${what} for ever end in ${expected}, and nothing has its final name`, async (t) => {
    const opened = await openTestHub(t, REPOS);
    spoil(opened.server, kind, bad, Infinity);
    assert.equal(await codeOf(fetchRepo(opened.hub, PARTS)), expected);
    assertNothingNamed(opened);
  });

test('a server without ranges is read to the end in one go, from the start after a cut', async (t) => {
  const opened = await openTestHub(t, REPOS);
  let seen = 0;
  opened.server.misbehave = ({ kind, headers }) => {
    if (kind !== 'store') return null;
    if (headers.range !== undefined) return { kind: 'ignore-range' };
    return ++seen < 3 ? { kind: 'cut', afterBytes: 150_000 } : null;
  };
  await assertRight(opened);
  assert.equal(seen, 3);
});

test('what has come before a fault is not fetched again', async (t) => {
  const opened = await openTestHub(t, REPOS);
  const { server, hub } = opened;
  server.misbehave = ({ kind, headers }) =>
    kind === 'store' && headers.range?.startsWith('bytes=15') === true
      ? { kind: 'status', status: 500 }
      : null;
  assert.equal(await codeOf(fetchRepo(hub, { ...PARTS, connections: 1 })), 'HUB_FAILED');
  server.misbehave = () => null;
  const before = server.requests.length;
  await assertRight(opened);
  const ranges = server.requests
    .slice(before)
    .flatMap(({ kind, headers }) => (kind === 'store' ? [headers.range] : []));
  assert.deepEqual(ranges, ['bytes=150000-199999']);
});

test('a wrong byte throws the partial file away, so that the next run does not meet it again', async (t) => {
  const opened = await openTestHub(t, REPOS);
  spoil(opened.server, 'store', { kind: 'wrong-byte', at: 12_345 }, Infinity);
  await assert.rejects(fetchRepo(opened.hub, PARTS), { code: 'DOWNLOAD_MISMATCH', message: /its digest is/ });
  assert.deepEqual(readdirSync(join(repoFolder(opened.hub.settings, REPO), 'blobs')), []);
  opened.server.misbehave = () => null;
  await assertRight(opened);
});

test('a store that cannot be reached is named, with the hub that sends us there and what to try', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  spoil(server, 'file', { kind: 'location', location: 'http://127.0.0.1:1/blocked' }, Infinity);
  await assert.rejects(fetchRepo(hub, PARTS), (fault: Fault) => {
    assert.equal(
      fault.message,
      `cannot fetch from 127.0.0.1:1, where ${new URL(server.url).host} keeps its large files: nothing listens there`,
    );
    assert.match(fault.hint, /--source modelscope/);
    return true;
  });
});

test('the way to the store is asked for once, and again when it ends', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  server.misbehave = ({ kind, earlier }) =>
    kind === 'store' && earlier === 2 ? { kind: 'status', status: 403 } : null;
  await fetchRepo(hub, { ...PARTS, connections: 1 });
  const kinds = server.requests.map(({ kind }) => kind).filter((kind) => kind === 'file' || kind === 'store');
  assert.deepEqual(kinds, ['file', 'store', 'store', 'store', 'file', 'store', 'store']);
});

test('a wait that the hub asks for is reported with its length', async (t) => {
  const { hub, server } = await openTestHub(t, REPOS);
  spoil(server, 'file', {
    kind: 'status',
    status: 429,
    headers: { ratelimit: '"resolvers";r=0;t=0', 'retry-after': '9' },
  });
  const quick = { ...hub.settings.timing, patienceMs: 1_000 };
  hub.settings.timing = quick;
  const { events } = await fetchRepo(hub, PARTS);
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'waiting'),
    [
      {
        kind: 'waiting',
        reason: 'rate-limit',
        path: 'model.safetensors',
        host: new URL(server.url).host,
        waitMs: 1_000,
      },
    ],
  );
});

test('a warning that the hub sends along is passed on once', async (t) => {
  const { hub, server } = await openTestHub(t, { ...REPOS, storeFromBytes: Infinity });
  server.misbehave = () => ({ kind: 'headers', headers: { 'x-hf-warning': 'this model moves' } });
  const { events } = await fetchRepo(hub, PARTS);
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'notice'),
    [{ kind: 'notice', text: 'this model moves' }],
  );
});
