// A model in four shards: each leaves the disk when it is converted, and only then does the next one come.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { repoFolder } from '../../../src/download/cache-layout.ts';
import { openHub } from '../../../src/download/open-hub.ts';
import { listRepo } from '../../../src/download/list-repo.ts';
import { chooseWeights } from '../../../src/models/choose-weights.ts';
import { ConvertedRepo } from '../../../src/models/converted-repo.ts';
import { carryOutDownload, planRepoDownload } from '../../../src/models/download-repo.ts';
import type { ObtainedModel, ObtainOptions } from '../../../src/models/obtain-model.ts';
import { planFetch, wantConversion } from '../../../src/models/plan-fetch.ts';
import type { Misbehaviour } from '../../fixtures/hub-content.ts';
import type { HubServer } from '../../fixtures/hub-server.ts';
import { makeShardedModel, SHARDS, type Outtype, type ShardedModel } from '../../fixtures/sharded-model.ts';
import { openTestHub, REPO, type TestHub } from '../download/open-test-hub.ts';
import { obtainQuietly, REFERENCE } from './obtain-quietly.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

let model: ShardedModel;
before(async () => {
  model = await makeShardedModel(REPO.replace(/^.*\//, ''));
});

interface Scene extends Pick<TestHub, 'server' | 'hub'> {
  cacheFolder: string;
  obtain: (options?: Partial<ObtainOptions>) => Promise<ObtainedModel>;
  /** Whole shards that somebody could read in the hub's cache. */
  shardsHere: () => string[];
  unfinished: () => string[];
}

async function openScene(t: TestContext): Promise<Scene> {
  const { server, hub } = await openTestHub(t, { repos: { [REPO]: { files: model.files } } });
  const cacheFolder = makeTemporaryFolder();
  const ofRepo = repoFolder(hub.settings, REPO);
  return {
    server,
    hub,
    cacheFolder,
    obtain: (options) => obtainQuietly({ hubSettings: hub.settings, cacheFolder }, options),
    shardsHere: () => readdirSync(join(ofRepo, 'blobs')).filter((name) => model.sha256s.includes(name)),
    unfinished: () =>
      readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.includes('unfinished'),
      ),
  };
}

const isWhole = ({ kind, path, headers }: HubServer['requests'][number]): boolean =>
  kind === 'store' && SHARDS.includes(path) && headers.range === undefined;

const wholeRequests = ({ requests }: HubServer): string[] => requests.filter(isWhole).map(({ path }) => path);

function onShard(server: HubServer, act: (shard: string) => Misbehaviour | null): void {
  server.misbehave = (request) => (isWhole(request) ? act(request.path) : null);
}

function assertRight({ file }: ObtainedModel, outtype: Outtype = 'bf16'): void {
  assert.ok(readFileSync(file).equals(model.converted[outtype]));
}

/** Ends a run when the third shard is asked for. */
async function interruptAtThird(
  { server, obtain }: Scene,
  options: Partial<ObtainOptions> = {},
): Promise<void> {
  const stop = new AbortController();
  onShard(server, (shard) => {
    if (shard !== SHARDS[2]) return null;
    stop.abort(new DOMException('stopped by the test', 'AbortError'));
    return { kind: 'stall', afterBytes: 0 };
  });
  await assert.rejects(obtain({ ...options, signal: stop.signal }), { name: 'AbortError' });
  server.misbehave = () => null;
}

test('a shard is gone from the disk before the next one is asked for', async (t) => {
  const { server, obtain, shardsHere, unfinished } = await openScene(t);
  const found: number[] = [];
  onShard(server, () => {
    found.push(shardsHere().length);
    return null;
  });
  assertRight(await obtain());
  assert.deepEqual(found, [0, 0, 0, 0]);
  assert.deepEqual(wholeRequests(server), SHARDS);
  assert.deepEqual([...shardsHere(), ...unfinished()], []);
});

test('a run goes on from the shards that an interrupted one has converted', async (t) => {
  const scene = await openScene(t);
  await interruptAtThird(scene);
  const before = wholeRequests(scene.server).length;
  const notices: string[] = [];
  const progress: number[] = [];
  const obtained = await scene.obtain({
    report: (event) => {
      if (event.kind === 'notice') notices.push(event.text);
    },
    onProgress: ({ bytesDone, bytesTotal }) => progress.push(bytesDone / bytesTotal),
  });
  assertRight(obtained);
  assert.deepEqual(wholeRequests(scene.server).slice(before), SHARDS.slice(2));
  assert.deepEqual(notices, ['2 of 4 files of weights are converted already']);
  assert.ok((progress[0] ?? 0) > 0.4 && progress.at(-1) === 1, progress.join());
});

test('another type begins anew, and leaves nothing of the unfinished one', async (t) => {
  const scene = await openScene(t);
  await interruptAtThird(scene);
  assert.equal(scene.unfinished().length, 2);
  const before = wholeRequests(scene.server).length;
  assertRight(await scene.obtain({ outtype: 'q8_0' }), 'q8_0');
  assert.deepEqual(wholeRequests(scene.server).slice(before), SHARDS);
  assert.deepEqual(scene.unfinished(), []);
});

test('an unfinished file that does not fit its note is made anew', async (t) => {
  const scene = await openScene(t);
  await interruptAtThird(scene);
  const note = scene.unfinished().find((name) => name.endsWith('.json')) ?? '';
  rmSync(join(scene.cacheFolder, note.replace(/\.json$/, '')));
  const before = wholeRequests(scene.server).length;
  assertRight(await scene.obtain());
  assert.deepEqual(wholeRequests(scene.server).slice(before), SHARDS);
});

test('a wrong byte in a later shard does not cost those before it', async (t) => {
  const { server, obtain } = await openScene(t);
  onShard(server, (shard) =>
    shard === SHARDS[2] && wholeRequests(server).length === 3 ? { kind: 'wrong-byte', at: 1_000_000 } : null,
  );
  assertRight(await obtain());
  assert.deepEqual(wholeRequests(server), [SHARDS[0], SHARDS[1], SHARDS[2], SHARDS[2], SHARDS[3]]);
});

test('with --keep-safetensors shards stay, also those that an earlier run had removed', async (t) => {
  const scene = await openScene(t);
  await interruptAtThird(scene);
  assertRight(await scene.obtain({ keepSafetensors: true }));
  assert.equal(scene.shardsHere().length, 4);
});

test('a server without ranges, which gives headers only with whole files, is no reason to wait for ever', async (t) => {
  const { server, obtain, shardsHere } = await openScene(t);
  server.misbehave = ({ kind }) => (kind === 'store' ? { kind: 'ignore-range' } : null);
  assertRight(await obtain());
  assert.deepEqual(shardsHere(), []);
});

test('what somebody downloads by name meanwhile stays', async (t) => {
  const scene = await openScene(t);
  const { server, hub, cacheFolder, obtain, shardsHere } = scene;
  let downloading: Promise<unknown> | undefined;
  onShard(server, (shard) => {
    if (shard === SHARDS[1]) downloading ??= downloadAll(hub.settings, cacheFolder);
    return null;
  });
  assertRight(await obtain());
  await (downloading ?? assert.fail());
  assert.equal(shardsHere().length, 4);
});

async function downloadAll(settings: ObtainOptions['hubSettings'], cacheFolder: string): Promise<void> {
  const hub = await openHub(settings);
  const wanted = { reference: REFERENCE, include: null, exclude: null, localDir: null };
  const plan = await planRepoDownload(hub, wanted, new AbortController().signal);
  await carryOutDownload({ hub, plan }, { reference: REFERENCE, cacheFolder }, {});
  await hub.close();
}

test('a file that is there under another commit alone counts as there', async (t) => {
  const { server, hub, obtain, cacheFolder } = await openScene(t);
  await obtain({ keepSafetensors: true });
  const snapshots = join(repoFolder(hub.settings, REPO), 'snapshots');
  rmSync(join(snapshots, server.commitOf(REPO), 'config.json'));
  rmSync(cacheFolder, { recursive: true });
  const before = server.requests.length;
  assertRight(await obtain());
  assert.equal(server.requests.length, before);
  assert.ok(existsSync(join(snapshots, server.commitOf(REPO), 'config.json')));
});

test('what a snapshot without a list lacks is asked of the hub', async (t) => {
  const { server, hub, obtain, cacheFolder } = await openScene(t);
  await obtain({ keepSafetensors: true });
  const ofRepo = repoFolder(hub.settings, REPO);
  rmSync(join(ofRepo, 'trees'), { recursive: true });
  rmSync(join(ofRepo, 'snapshots', server.commitOf(REPO), SHARDS[3] ?? ''));
  rmSync(cacheFolder, { recursive: true });
  assertRight(await obtain());
});

test('a converted file whose run ended before it was named after its branch is found by its commit', async (t) => {
  const { server, obtain, cacheFolder } = await openScene(t);
  await obtain();
  const repo = new ConvertedRepo(cacheFolder, { source: 'huggingface', repo: REPO });
  rmSync(join(repo.folder, 'refs'), { recursive: true });
  const before = wholeRequests(server).length;
  assertRight(await obtain());
  assert.equal(wholeRequests(server).length, before);
});

test('the disk that is needed is the converted file and one shard; with --keep-safetensors all of them', async (t) => {
  const { hub, cacheFolder } = await openScene(t);
  const listing = await listRepo(hub, { repo: REPO, revision: null });
  const choice = chooseWeights({ repo: REPO, paths: Object.keys(model.files), quantization: null });
  assert.ok(choice.kind === 'safetensors');
  const repo = new ConvertedRepo(cacheFolder, { source: 'huggingface', repo: REPO });
  const sizes = SHARDS.map((shard) => model.files[shard]?.length ?? 0);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  for (const [keepSafetensors, onWay] of [
    [false, Math.max(...sizes)],
    [true, all],
  ] as const) {
    const wanted = wantConversion({ hub, listing, choice, repo }, { outtype: 'bf16', keepSafetensors });
    const { peakBytes, missingBytes } = await planFetch(wanted);
    assert.equal(peakBytes, missingBytes - all + onWay + all + 16_000_000);
  }
});
