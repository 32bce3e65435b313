// Launching a model by its repository's name: fetched from a hub on this machine, converted, served; and found again.
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../fixtures/eventually.ts';
import { makeHome, openTinyHub, TINY, TINY_GGUF, type Home } from '../fixtures/hub-model.ts';
import type { HubServer } from '../fixtures/hub-server.ts';
import { launchServer, runCli, startCli, type RunningServer } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder, REFERENCE, textOf } from '../fixtures/tiny-model.ts';
import { cosine } from '../fixtures/vectors.ts';

let hub: HubServer;
before(async () => {
  hub = await openTinyHub();
});
after(async () => {
  await hub.close();
});

const launch = (home: Home, model: string, more: string[] = []): Promise<RunningServer> =>
  launchServer(['--model-path', model, '--port', '0', '--device', 'cpu', ...more], { env: home.env });

async function firstVector({ url }: RunningServer): Promise<number[]> {
  const [reference] = REFERENCE.cases;
  assert.ok(reference !== undefined);
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: textOf(reference), encoding_format: 'float' }),
  });
  const { data } = (await response.json()) as { data: [{ embedding: number[] }] };
  return data[0].embedding;
}

function assertRight(vector: readonly number[]): void {
  // q8_0 keeps this much of the vectors of this model.
  assert.ok(cosine(vector, REFERENCE.cases[0]?.embedding ?? []) > 0.999);
}

const filesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
const weightsIn = ({ hubFolder }: Home): string[] =>
  filesIn(hubFolder).filter((name) => name.endsWith('.safetensors'));

test('a name becomes a server, the weights go once they are converted, and the next start asks nobody', async () => {
  const home = makeHome(hub.url);
  const first = await launch(home, TINY);
  assertRight(await firstVector(first));
  assert.equal(await first.end(), 0);
  assert.deepEqual(weightsIn(home), []);
  const converted = filesIn(home.cacheFolder).filter((name) => name.endsWith('.gguf'));
  assert.match(
    converted.join(),
    /^converted.hub.huggingface.Qwen--Qwen3-Embedding-Tiny.[0-9a-f]{40}.Qwen3-Embedding-Tiny-(bf16|q8_0)-v2\.gguf$/,
  );

  const before = hub.requests.length;
  const second = await launch(home, TINY);
  assertRight(await firstVector(second));
  assert.equal(await second.end(), 0);
  assert.equal(hub.requests.length, before);
});

test('a server that is named after its repository answers to that name', async () => {
  const home = makeHome(hub.url);
  const server = await launch(home, `${TINY}@main:F32`);
  const models = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: [{ id: string }] };
  assert.equal(models.data[0].id, `${TINY}@main:F32`);
  await server.end();
  assert.match(filesIn(home.cacheFolder).join(), /-f32-v2\.gguf/);
});

test('weights that were downloaded before are converted without a request, and stay', async () => {
  const home = makeHome(hub.url);
  assert.equal((await runCli(['download', TINY], { env: home.env })).code, 0);
  const before = hub.requests.length;
  await (await launch(home, TINY)).end();
  assert.equal(hub.requests.length, before);
  assert.equal(weightsIn(home).length, 1);
});

test('--keep-safetensors keeps what was fetched for the conversion', async () => {
  const home = makeHome(hub.url);
  await (await launch(home, TINY, ['--keep-safetensors'])).end();
  assert.equal(weightsIn(home).length, 1);
});

test('two launches at the same time convert once', async () => {
  const home = makeHome(hub.url);
  const servers = await Promise.all([launch(home, TINY), launch(home, TINY)]);
  const vectors = await Promise.all(servers.map(firstVector));
  assert.deepEqual(vectors[0], vectors[1]);
  const origins = servers.map((server) => /, (fetched|converted before)/.exec(server.stderr())?.[1]);
  await Promise.all(servers.map((server) => server.end()));
  assert.deepEqual(origins.sort(), ['converted before', 'fetched']);
});

test('a .gguf file of a repository is served as it is, and the next start asks nobody', async () => {
  const home = makeHome(hub.url);
  const first = await launch(home, `${TINY_GGUF}:Q8_0`);
  assertRight(await firstVector(first));
  await first.end();
  const before = hub.requests.length;
  await (await launch(home, TINY_GGUF, ['--quantization', 'q8_0'])).end();
  assert.equal(hub.requests.length, before);
  assert.deepEqual(
    filesIn(home.cacheFolder).filter((name) => name.endsWith('.gguf')),
    [],
  );
});

test('an interrupted launch says what it keeps, and the next one goes on', async () => {
  const home = makeHome(hub.url);
  const own = await openTinyHub();
  try {
    own.misbehave = ({ kind, path }) =>
      kind === 'store' && path === 'model.safetensors' ? { kind: 'stall', afterBytes: 50_000 } : null;
    const env = { ...home.env, HF_ENDPOINT: own.url };
    const { outcome, kill } = startCli(['launch', '--model-path', TINY, '--port', '0', '--device', 'cpu'], {
      env,
    });
    await eventually(() =>
      own.requests.some(({ kind, path }) => kind === 'store' && path === 'model.safetensors'),
    );
    kill('SIGINT');
    const { code, stderr } = await outcome;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /interrupted: .* of .* are kept; the same command goes on from there\n$/);
    own.misbehave = () => null;
    const server = await launchServer(['--model-path', TINY, '--port', '0', '--device', 'cpu'], { env });
    assertRight(await firstVector(server));
    await server.end();
    assert.deepEqual(weightsIn(home), []);
    assert.ok(!filesIn(join(home.hubFolder)).some((name) => name.endsWith('.partial')));
  } finally {
    await own.close();
  }
});

/** Requests for more of weights than a header. */
const weightsAsked = ({ requests }: HubServer): string[] =>
  requests.flatMap(({ kind, path, headers }) =>
    kind === 'store' && path === 'model.safetensors' && headers.range === undefined ? [path] : [],
  );

test('--dry-run of a repository that is not here shows the plan and what would be fetched, and keeps nothing', async () => {
  const home = makeHome(hub.url);
  const before = weightsAsked(hub).length;
  const args = ['launch', '--device', 'cpu', '--dry-run', '--model-path'];
  const { code, stdout, stderr } = await runCli([...args, TINY], { env: home.env });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^model +Qwen\/Qwen3-Embedding-Tiny$/m);
  assert.match(stdout, /^weights +(bf16|q8_0) +fastest on this processor/m);
  assert.match(stdout, /^together /m);
  assert.match(stdout, /^model\.safetensors +\d+ MB {2}missing$/m);
  assert.match(stdout, /^\d+ files, \d+ MB, \d+ MB to fetch into /m);
  assert.equal(weightsAsked(hub).length, before);
  assert.deepEqual([...filesIn(home.hubFolder), ...filesIn(home.cacheFolder)], []);
});

test('--dry-run plans a .gguf file that is not here by its header', async () => {
  const home = makeHome(hub.url);
  const args = ['launch', '--device', 'cpu', '--dry-run', '--json', '--model-path', `${TINY_GGUF}:Q8_0`];
  const { code, stdout, stderr } = await runCli(args, { env: home.env });
  assert.equal(code, 0, stderr);
  const plan = JSON.parse(stdout) as { model: { type: string }; download: { files: { path: string }[] } };
  assert.equal(plan.model.type, 'Q8_0');
  assert.deepEqual(
    plan.download.files.map(({ path }) => path),
    ['Tiny-Q8_0.gguf'],
  );
});

test('too little memory for a repository is told, with the numbers, before its weights are asked for', async () => {
  const config = JSON.parse(readFileSync(join(fixtureFolder(), 'config.json'), 'utf8')) as object;
  const huge = { hidden_size: 65_536, intermediate_size: 262_144, num_hidden_layers: 512 };
  const own = await openTinyHub({ 'config.json': JSON.stringify({ ...config, ...huge }) });
  try {
    const home = makeHome(own.url);
    const args = ['launch', '--device', 'cpu', '--port', '0', '--model-path', TINY];
    const { code, stderr } = await runCli(args, { env: home.env });
    assert.equal(code, 5);
    assert.match(stderr, /too little memory on the system: [\d,.]+ GB for weights/);
    assert.deepEqual(weightsAsked(own), []);
    assert.deepEqual(filesIn(home.hubFolder), []);
  } finally {
    await own.close();
  }
});

test('--model-checksum REPOSITORY holds a folder against what the hub says of its files', async () => {
  const home = makeHome(hub.url);
  const folder = join(makeTemporaryFolder(), 'copy');
  cpSync(fixtureFolder(), folder, { recursive: true });
  const server = await launch(home, folder, ['--model-checksum', TINY]);
  assertRight(await firstVector(server));
  await server.end();
  assert.ok(hub.requests.some(({ repo }) => repo === TINY));

  appendFileSync(join(folder, 'tokenizer.json'), ' ');
  const args = ['launch', '--model-path', folder, '--port', '0', '--device', 'cpu', '--model-checksum', TINY];
  const { code, stderr } = await runCli(args, { env: home.env });
  assert.equal(code, 4);
  assert.match(
    stderr,
    /error: .*tokenizer\.json: its digest is [0-9a-f]{16}…, Qwen\/Qwen3-Embedding-Tiny says/,
  );
});

test('--model-checksum without a value trusts what was fetched from the repository, which was verified', async () => {
  const home = makeHome(hub.url);
  const server = await launch(home, TINY, ['--model-checksum']);
  assertRight(await firstVector(server));
  await server.end();
});
