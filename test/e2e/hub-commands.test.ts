// `download`, `list` and `remove`, and every way in which a hub says no, through the real command line.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../fixtures/eventually.ts';
import { makeHome, openTinyHub, TINY, TINY_GGUF, type Home } from '../fixtures/hub-model.ts';
import { openHubServer, type HubServer } from '../fixtures/hub-server.ts';
import { runCli, startCli, type Outcome } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFile, fixtureFolder } from '../fixtures/tiny-model.ts';

let hub: HubServer;
before(async () => {
  hub = await openTinyHub({ 'onnx/model.onnx': 'exported', 'notes.bin': 'notes' });
});
after(async () => {
  await hub.close();
});

const run = (home: Home, args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> =>
  runCli(args, { env: { ...home.env, ...env } });
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('download prints the folder that holds what a launch needs', async () => {
  const home = makeHome(hub.url);
  const { code, stdout, stderr } = await run(home, ['download', TINY]);
  assert.equal(code, 0, stderr);
  const folder = stdout.trim();
  assert.equal(
    folder,
    join(home.hubFolder, 'models--Qwen--Qwen3-Embedding-Tiny', 'snapshots', hub.commitOf(TINY)),
  );
  const weights = readFileSync(join(fixtureFolder(), 'model.safetensors'));
  assert.ok(readFileSync(join(folder, 'model.safetensors')).equals(weights));
  assert.ok(existsSync(join(folder, '1_Pooling', 'config.json')));
  assert.ok(!existsSync(join(folder, 'onnx')));
  assert.match(
    stderr,
    /^Qwen\/Qwen3-Embedding-Tiny: \d+ files, \d+ [KM]B, \d+ [KM]B to fetch \(commit [0-9a-f]{12}\)\n/,
  );
});

test('a second download fetches nothing', async () => {
  const home = makeHome(hub.url);
  await run(home, ['download', TINY]);
  const before = hub.requests.filter(({ kind }) => kind === 'file' || kind === 'store').length;
  assert.equal((await run(home, ['download', TINY])).code, 0);
  assert.equal(hub.requests.filter(({ kind }) => kind === 'file' || kind === 'store').length, before);
});

test('--dry-run shows files and sizes and writes nothing', async () => {
  const home = makeHome(hub.url);
  const { code, stdout } = await run(home, ['download', TINY, '--dry-run']);
  assert.equal(code, 0);
  assert.match(stdout, /^model\.safetensors +\d+ MB {2}missing$/m);
  assert.match(stdout, /^\d+ files, \d+ MB, \d+ MB to fetch into .*, .* free$/m);
  const weights = join(home.hubFolder, 'models--Qwen--Qwen3-Embedding-Tiny', 'blobs');
  assert.ok(!existsSync(weights));
});

test('--json tells events one per line and ends with done', async () => {
  const home = makeHome(hub.url);
  const { stdout } = await run(home, ['download', TINY, '--json']);
  const events = jsonLines(stdout);
  assert.equal(events[0]?.['kind'], 'listed');
  assert.equal(events.at(-1)?.['kind'], 'done');
  assert.ok(events.some(({ kind, path }) => kind === 'file-verified' && path === 'model.safetensors'));
});

test(
  'a cache that can hold nothing is told in a sentence by every command that fills one',
  { skip: !existsSync('/proc/1') },
  async () => {
    const home = makeHome(hub.url);
    const nowhere = { HF_HUB_CACHE: '/proc/x/hub', QWEN_EMBED_CACHE_FOLDER: '/proc/x/own' };
    for (const args of [
      ['download', TINY],
      ['download', TINY, '--local-dir', '/proc/x/y'],
      ['launch', '--port', '0', '--model-path', TINY],
      ['launch', '--port', '0', '--model-path', fixtureFolder()],
    ]) {
      const { code, stderr } = await run(home, args, nowhere);
      assert.match(stderr, /^error: cannot write \/proc\/x.*: ENOENT: no such file or directory, mkdir/m);
      assert.equal(code, 5, stderr);
    }
  },
);

test('patterns choose the files, and --local-dir puts them under their own names', async () => {
  const home = makeHome(hub.url);
  const folder = makeTemporaryFolder();
  const args = [
    'download',
    TINY,
    '--include',
    '*.json',
    'notes.*',
    '--exclude',
    'tokenizer*',
    '--local-dir',
    folder,
  ];
  const { code, stdout, stderr } = await run(home, args);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim(), folder);
  assert.equal(readFileSync(join(folder, 'notes.bin'), 'utf8'), 'notes');
  assert.ok(statSync(join(folder, '1_Pooling', 'config.json')).isFile());
  assert.ok(!existsSync(join(folder, 'tokenizer.json')));
  assert.ok(!existsSync(join(folder, 'model.safetensors')));
});

test('patterns that leave nothing are a usage error', async () => {
  const { code, stderr } = await run(makeHome(hub.url), ['download', TINY, '--include', '*.nothing']);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: --include: no file of Qwen\/Qwen3-Embedding-Tiny is left by the patterns\nhint: /,
  );
});

test('of a GGUF repository one type is fetched; a split one is refused', async () => {
  const home = makeHome(hub.url);
  const { stdout } = await run(home, ['download', `${TINY_GGUF}:F16`]);
  assert.deepEqual(readdirSync(stdout.trim()), ['Tiny-f16.gguf']);
  const split = await run(home, ['download', TINY_GGUF, '--quantization', 'Q4_K_M']);
  assert.equal(split.code, 4);
  assert.match(split.stderr, /^error: Qwen\/Qwen3-Embedding-Tiny-GGUF:Q4_K_M: is split into 2 files/);
});

test('ModelScope gives the same files', async () => {
  const home = makeHome(hub.url);
  const folder = makeTemporaryFolder();
  const env = { MODELSCOPE_ENDPOINT: hub.url };
  const args = ['download', TINY, '--source', 'modelscope', '--local-dir', folder];
  assert.equal((await run(home, args, env)).code, 0);
  const weights = readFileSync(join(fixtureFolder(), 'model.safetensors'));
  assert.ok(readFileSync(join(folder, 'model.safetensors')).equals(weights));
});

test('Ctrl-C keeps what has come, says so, and the next run fetches the rest only', async () => {
  const own = await openTinyHub();
  const home = makeHome(own.url);
  const isWeights = ({ kind, path }: { kind: string; path: string }) =>
    kind === 'store' && path === 'model.safetensors';
  try {
    own.misbehave = (request) => (isWeights(request) ? { kind: 'stall', afterBytes: 100_000 } : null);
    const { outcome, kill } = startCli(['download', TINY], { env: home.env });
    const blobs = join(home.hubFolder, 'models--Qwen--Qwen3-Embedding-Tiny', 'blobs');
    await eventually(() => own.requests.some(isWeights) && partialBytes(blobs) > 0);
    kill('SIGINT');
    const { code, stderr, stdout } = await outcome;
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(
      stderr,
      /\ninterrupted: \d+ [KM]B of \d+ MB are kept; the same command goes on from there\n$/,
    );
    own.misbehave = () => null;
    assert.equal((await run(home, ['download', TINY])).code, 0);
    assert.ok(!readdirSync(blobs).some((name) => name.includes('partial')));
  } finally {
    await own.close();
  }
});

interface ListedModel {
  name: string;
  type: string;
  commit: string;
  sizeBytes: number;
}

test('list shows what is there, and remove takes it away and says what is free', async () => {
  const home = makeHome(hub.url);
  assert.match(
    (await run(home, ['list'])).stderr,
    /^nothing in .* fetch a model with: qwen-embed download 0\.6B\n$/,
  );
  await run(home, ['download', TINY]);
  await run(home, ['download', TINY_GGUF]);
  const listed = async () => JSON.parse((await run(home, ['list', '--json'])).stdout) as ListedModel[];
  const models = await listed();
  const [safetensors] = models;
  assert.deepEqual(
    models.map(({ name, type }) => [name, type]),
    [
      [TINY, 'safetensors'],
      [TINY_GGUF, 'Q8_0'],
    ],
  );
  assert.equal(safetensors?.commit, hub.commitOf(TINY));
  assert.match((await run(home, ['list'])).stdout, /^model +commit +type +size +last used +path\n/);

  const planned = await run(home, ['remove', TINY, '--dry-run']);
  assert.match(planned.stdout, /^would remove .*\n\d+ MB would go free\n$/s);
  const { stdout } = await run(home, ['remove', TINY, '--json']);
  const { freedBytes } = JSON.parse(stdout) as { freedBytes: number };
  // The commit's list and the branch's name go too.
  const others = freedBytes - safetensors.sizeBytes;
  assert.ok(others > 0 && others < 5_000, String(others));
  assert.match((await run(home, ['remove', TINY_GGUF])).stdout, /^removed .* are free\n$/s);
  assert.deepEqual(await listed(), []);
});

test('removing what is not there is no success', async () => {
  const { code, stderr } = await run(makeHome(hub.url), ['remove', TINY]);
  assert.equal(code, 4);
  assert.equal(
    stderr,
    `error: ${TINY}: nothing of it is cached\nhint: see what is there with: qwen-embed list\n`,
  );
});

interface Refusal {
  title: string;
  args: string[];
  env?: Record<string, string>;
  code: number;
  stderr: RegExp;
}

const REFUSALS: Refusal[] = [
  {
    title: 'a repository that does not exist may be private',
    args: ['download', 'Qwen/Nothing'],
    code: 3,
    stderr: /^error: 127\.0\.0\.1:\d+ has no model Qwen\/Nothing, or it is private\nhint: .*HF_TOKEN\n$/,
  },
  {
    title: 'a private one without a token looks the same',
    args: ['download', 'me/private'],
    code: 3,
    stderr: /has no model me\/private, or it is private/,
  },
  {
    title: 'a wrong token is told',
    args: ['download', 'me/private'],
    env: { HF_TOKEN: 'hf_wrong' },
    code: 3,
    stderr:
      /^error: 127\.0\.0\.1:\d+ refuses me\/private: the token is wrong or has expired\nhint: .*HF_TOKEN/,
  },
  {
    title: 'gated terms are named with their page',
    args: ['download', 'me/gated'],
    code: 3,
    stderr:
      /^error: me\/gated is only for those who have accepted its terms\nhint: accept them at http:\/\/127\.0\.0\.1:\d+\/me\/gated/,
  },
  {
    title: 'an unknown revision is named',
    args: ['download', 'me/plain', '--revision', 'v9'],
    code: 3,
    stderr: /^error: me\/plain has no branch, tag or commit "v9"\n/,
  },
  {
    title: 'offline without a copy says what is needed',
    args: ['download', 'me/plain'],
    env: { HF_HUB_OFFLINE: '1' },
    code: 3,
    stderr: /^error: me\/plain at main is needed offline, but it is not in .*\nhint: .*HF_HUB_OFFLINE/,
  },
  {
    title: 'a blocked host is named with the alternatives',
    args: ['download', 'me/plain'],
    env: { HF_ENDPOINT: 'http://127.0.0.1:1' },
    code: 3,
    stderr:
      /^error: cannot fetch from 127\.0\.0\.1:1: nothing listens there\nhint: .*--source modelscope or set HF_ENDPOINT/,
  },
  {
    title: 'a repository without weights is refused',
    args: ['download', 'me/plain'],
    code: 4,
    stderr: /^error: me\/plain: has neither model\*\.safetensors nor \.gguf files\n/,
  },
  {
    title: 'launch meets the same refusals',
    args: ['launch', '--port', '0', '--model-path', 'me/gated'],
    code: 3,
    stderr: /error: me\/gated is only for those who have accepted its terms\nhint: /,
  },
];

for (const { title, args, env = {}, code, stderr } of REFUSALS) {
  test(title, async () => {
    const own = await openHubServer({
      repos: {
        'me/plain': { files: { 'config.json': '{}' } },
        'me/private': { files: { 'config.json': '{}' }, token: 'hf_right' },
        'me/gated': { files: { 'config.json': '{}' }, token: 'hf_right', gated: true },
      },
    });
    try {
      const outcome = await run(makeHome(own.url), args, env);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, stderr);
      assert.doesNotMatch(outcome.stderr, /^ +at /m, 'a stack trace');
      assert.doesNotMatch(outcome.stderr, /hf_wrong/, 'the token');
      assert.equal(outcome.stdout, '');
    } finally {
      await own.close();
    }
  });
}

test('a limit that asks for a long wait is told with the wait', async () => {
  const own = await openHubServer({
    repos: { 'me/plain': { files: { 'config.json': '{}' } } },
    misbehave: () => ({ kind: 'status', status: 429, headers: { ratelimit: '"api";r=0;t=900' } }),
  });
  try {
    const { code, stderr } = await run(makeHome(own.url), ['download', 'me/plain']);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /has had too many requests from here and asks to wait 901 seconds\nhint: .*HF_TOKEN/,
    );
  } finally {
    await own.close();
  }
});

test('a .gguf file without pooling type is refused before it is fetched whole', async () => {
  const spoilt = withoutPooling(readFileSync(await fixtureFile('q8_0')));
  const own = await openHubServer({ repos: { 'me/bad-GGUF': { files: { 'bad-Q8_0.gguf': spoilt } } } });
  const home = makeHome(own.url);
  try {
    const { code, stderr } = await run(home, ['launch', '--port', '0', '--model-path', 'me/bad-GGUF']);
    assert.equal(code, 4, stderr);
    assert.match(
      stderr,
      /error: me\/bad-GGUF\/bad-Q8_0\.gguf: it has no pooling type \(qwen3\.pooling_type\), so its vectors would be wrong\n/,
    );
  } finally {
    await own.close();
  }
});

/** The key renamed to one of the same length. */
function withoutPooling(gguf: Buffer): Buffer {
  const at = gguf.indexOf('qwen3.pooling_type');
  gguf.write('qwen3.pooling_none', at, 'latin1');
  return gguf;
}

function partialBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  const names = readdirSync(folder).filter((name) => name.endsWith('.partial'));
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
