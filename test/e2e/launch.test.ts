import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { eventually } from '../fixtures/eventually.ts';
import { launchServer, runCli, type RunningServer } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder, REFERENCE, textOf } from '../fixtures/tiny-model.ts';

const CACHE = makeTemporaryFolder();
const HOME = { XDG_CACHE_HOME: CACHE, LOCALAPPDATA: CACHE };

function copyOfFixture(): string {
  const copy = join(makeTemporaryFolder(), 'model');
  cpSync(fixtureFolder(), copy, { recursive: true });
  return copy;
}

/** Processes whose parent is `pid`. */
function childrenOf(pid: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child ?? 0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a launched server', () => {
  let server: RunningServer;
  let client: OpenAI;
  before(async () => {
    const args = [
      '--model-path',
      fixtureFolder(),
      '--port',
      '0',
      '--served-model-name',
      'tiny',
      '--outtype',
      'f32',
    ];
    server = await launchServer(args, { env: HOME });
    client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
  });
  after(() => server.end());

  test('says in one line that it is ready, with model and URL', () => {
    assert.match(server.readyLine, /^ready tiny on CPU, \d+ cores?, 1 worker: http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('gives the vectors of transformers through the openai client', async () => {
    const cases = REFERENCE.cases.filter((reference) => textOf(reference) !== '');
    const { data, usage } = await client.embeddings.create({ model: 'tiny', input: cases.map(textOf) });
    for (const { index, embedding } of data) {
      const expected = cases[index]?.embedding ?? [];
      const cosine = embedding.reduce((sum, x, i) => sum + x * (expected[i] ?? NaN), 0);
      assert.ok(Math.abs(cosine - 1) < 1e-5, `case ${String(index)}: ${String(cosine)}`);
    }
    assert.ok(usage.prompt_tokens > 2000);
  });

  test('is healthy for the health command, in words and as JSON', async () => {
    const words = await runCli(['health', '--url', server.url]);
    assert.deepEqual([words.code, words.stdout], [0, 'healthy\n']);
    const json = await runCli(['health', '--url', `${server.url}/`, '--json', '--wait']);
    assert.deepEqual(JSON.parse(json.stdout), { url: `${server.url}/`, healthy: true, status: 'healthy' });
    const clientsBase = await runCli(['health', '--url', `${server.url}/v1/`]);
    assert.deepEqual([clientsBase.code, clientsBase.stdout], [0, 'healthy\n']);
  });

  test('makes the next launch on its port fail with a hint', async () => {
    const port = new URL(server.url).port;
    const outcome = await runCli(['launch', '--model-path', fixtureFolder(), '--port', port], { env: HOME });
    assert.equal(outcome.code, 5);
    assert.equal(
      outcome.stderr,
      `error: 127.0.0.1:${port} is already in use\nhint: stop the other program or choose another port, such as --port ${String(Number(port) + 1)}\n`,
    );
  });

  test('answers 500 requests right although a worker is killed among them', async () => {
    const cases = REFERENCE.cases.filter((reference) => textOf(reference) !== '').slice(0, 20);
    const first = await client.embeddings.create({ model: 'tiny', input: cases.map(textOf) });
    let answered = 0;
    const ask = async (i: number) => {
      const { data } = await client.embeddings.create({
        model: 'tiny',
        input: textOf(cases[i % 20] ?? assert.fail()),
      });
      const expected = first.data[i % 20]?.embedding ?? [];
      const cosine = data[0]?.embedding.reduce((sum, x, k) => sum + x * (expected[k] ?? NaN), 0) ?? NaN;
      assert.ok(Math.abs(cosine - 1) < 1e-5);
      if (++answered === 100) for (const pid of childrenOf(server.pid)) process.kill(pid, 'SIGKILL');
    };
    await Promise.all(Array.from({ length: 500 }, (_, i) => ask(i)));
    assert.equal(answered, 500);
    await eventually(() => /worker died and is restarted/.test(server.stderr()));
  });
});

test('the command that SGLang users paste works with the program name changed', async () => {
  const folder = makeTemporaryFolder();
  cpSync(fixtureFolder(), join(folder, 'Qwen3-Embedding-4B'), { recursive: true });
  const command =
    '--model-path ./Qwen3-Embedding-4B --host 0.0.0.0 --port 30000 --tp 1 --mem-fraction-static 0.85 --enable-flashinfer --chat-template ./Qwen3-Embedding-4B/tokenizer_config.json';
  const server = await launchServer(command.replace('30000', '0').split(' '), { cwd: folder, env: HOME });
  assert.match(server.readyLine, /\.\/Qwen3-Embedding-4B/);
  assert.match(server.stderr(), /^notice: --enable-flashinfer has no effect here: /);
  const client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1` });
  const { data } = await client.embeddings.create({ model: './Qwen3-Embedding-4B', input: 'Hello world' });
  assert.equal(data[0]?.embedding.length, 64);
  assert.equal(await server.end(), 0);
  assert.match(server.stderr(), /The server is fired up and ready to roll!/);
});

test('a converted model is found again by its content, wherever the folder went', async () => {
  const env = { XDG_CACHE_HOME: makeTemporaryFolder() };
  const cached = () => readdirSync(join(env.XDG_CACHE_HOME, 'qwen-embed', 'converted'));
  const folder = copyOfFixture();
  await (await launchServer(['--model-path', folder, '--port', '0'], { env })).end();
  const before = cached();
  const stamp = statSync(join(env.XDG_CACHE_HOME, 'qwen-embed', 'converted', before[0] ?? '')).mtimeMs;
  const moved = join(makeTemporaryFolder(), 'model');
  renameSync(folder, moved);
  await (await launchServer(['--model-path', moved, '--port', '0'], { env })).end();
  assert.deepEqual(cached(), before);
  assert.equal(before.length, 1);
  assert.equal(statSync(join(env.XDG_CACHE_HOME, 'qwen-embed', 'converted', before[0] ?? '')).mtimeMs, stamp);
});

test('a server killed with SIGKILL leaves no worker behind', async () => {
  const server = await launchServer(['--model-path', fixtureFolder(), '--port', '0', '--dp', '2'], {
    env: HOME,
  });
  const workers = childrenOf(server.pid);
  assert.equal(workers.length, 2);
  await server.end('SIGKILL');
  await eventually(() => !workers.some(isAlive));
});

test('SIGTERM lets requests in flight finish and exits with 0', async () => {
  const server = await launchServer(['--model-path', fixtureFolder(), '--port', '0'], { env: HOME });
  const client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
  const long = client.embeddings.create({
    model: 'x',
    input: Array.from({ length: 800 }, (_, i) => `text ${String(i)}`),
  });
  // A short request that has come back shows that the long one before it has arrived.
  await client.embeddings.create({ model: 'x', input: 'short' });
  const code = server.end();
  assert.equal((await long).data.length, 800);
  assert.equal(await code, 0);
});

test(
  'SIGTERM to the whole group, and once more to the server, as `timeout` sends it, ends it once and in order',
  { skip: process.platform === 'win32' },
  async () => {
    const args = ['--model-path', fixtureFolder(), '--port', '0', '--dp', '2'];
    const server = await launchServer(args, { env: HOME, detached: true });
    const client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
    const input = Array.from({ length: 2000 }, (_, i) => `text ${String(i)} `.repeat(20));
    const long = client.embeddings.create({ model: 'x', input });
    await client.embeddings.create({ model: 'x', input: 'short' });
    process.kill(server.pid, 'SIGTERM');
    process.kill(-server.pid, 'SIGTERM');
    assert.equal((await long).data.length, 2000);
    assert.equal(await server.ended, 0);
    assert.doesNotMatch(server.stderr(), /worker died/);
  },
);

test(
  'a server without a terminal, as under nohup, outlives a hangup of its group',
  { skip: process.platform === 'win32' },
  async () => {
    const args = ['--model-path', fixtureFolder(), '--port', '0'];
    const server = await launchServer(args, { env: HOME, detached: true });
    process.kill(-server.pid, 'SIGHUP');
    const client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
    assert.equal((await client.embeddings.create({ model: 'x', input: 'a' })).data.length, 1);
    assert.equal(await server.end(), 0);
    assert.doesNotMatch(server.stderr(), /worker died/);
  },
);

test('a log that finds no room costs no request', { skip: !existsSync('/dev/full') }, async () => {
  const args = ['--port', '0', '--device', 'cpu', '--log-level', 'debug'];
  const server = await launchServer(args, { env: HOME, shell: 'exec 2>/dev/full' });
  const client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
  assert.equal((await client.embeddings.create({ model: 'x', input: ['a', 'b'] })).data.length, 2);
  assert.equal(await server.end(), 0);
});

const BROKEN: Record<string, { break: (folder: string) => string[]; code: number; stderr: RegExp }> = {
  'a missing folder': {
    break: (folder) => {
      rmSync(folder, { recursive: true });
      return ['--model-path', folder];
    },
    code: 4,
    stderr: /^error: \S+model: no such file or folder\nhint: give a Hugging Face folder .*\n$/,
  },
  'a folder without config.json': {
    break: (folder) => {
      rmSync(join(folder, 'config.json'));
      return ['--model-path', folder];
    },
    code: 4,
    stderr: /^error: \S+model: the folder has no config\.json\nhint: .*\n$/,
  },
  'a cache folder that is a file': {
    break: (folder) => ['--model-path', folder, '--cache-folder', join(folder, 'config.json')],
    code: 5,
    stderr:
      /^error: cannot write \S+config\.json\S+: ENOTDIR: .*\nhint: .*choose another place with --cache-folder\n$/,
  },
  'a broken safetensors header': {
    break: (folder) => {
      writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(64, 0xff));
      return ['--model-path', folder];
    },
    code: 4,
    stderr: /^error: \S+model\.safetensors: .*\nhint: the file is damaged or incomplete.*\n$/,
  },
  'a wrong --chat-template path': {
    break: (folder) => ['--model-path', folder, '--chat-template', join(folder, 'nowhere.json')],
    code: 4,
    stderr: /^error: \S+nowhere\.json: no such chat template\nhint: give a tokenizer_config\.json .*\n$/,
  },
  'a chat template file without a template': {
    break: (folder) => ['--model-path', folder, '--chat-template', join(folder, 'config.json')],
    code: 4,
    stderr: /^error: \S+config\.json: holds no chat_template\nhint: .*\n$/,
  },
  'a host that is not of this machine': {
    break: (folder) => ['--model-path', folder, '--host', '192.0.2.1'],
    code: 5,
    stderr: /^error: cannot listen on 192\.0\.2\.1:0: .*\nhint: --host takes an address of this machine.*\n$/,
  },
  'too little memory': {
    break: (folder) => [
      '--model-path',
      folder,
      '--dp',
      '64',
      '--mem-fraction-static',
      '0.01',
      '--device',
      'cpu',
    ],
    code: 5,
    stderr:
      /^error: too little memory on the system: [\d.]+ GB for process \([\d.]+ GB\), .*, --mem-fraction-static 0\.01 of the [\d.]+ GB free there allows [\d.]+ GB\nhint: .+\n$/,
  },
};

for (const [what, { break: breakIt, code, stderr }] of Object.entries(BROKEN)) {
  test(`${what} gives one sentence and a hint, exit code ${String(code)}`, async () => {
    const args = breakIt(copyOfFixture());
    const outcome = await runCli(['launch', '--port', '0', ...args], { env: HOME });
    assert.match(outcome.stderr, stderr);
    assert.deepEqual([outcome.code, outcome.stdout], [code, '']);
  });
}

test('health says no with exit code 1 where nothing listens', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as { port: number };
  closed.close();
  const url = `http://127.0.0.1:${String(port)}`;
  const outcome = await runCli(['health', '--url', url, '--json']);
  assert.deepEqual(JSON.parse(outcome.stdout), { url, healthy: false, status: 'nothing listens there' });
  assert.equal(outcome.code, 1);
  const waited = await runCli(['health', '--url', url, '--wait', '--timeout', '0.3']);
  assert.deepEqual([waited.code, waited.stdout], [1, 'nothing listens there\n']);
});

test('health does not wait for ever for a server that accepts and says nothing', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as { port: number };
  const outcome = await runCli(['health', '--url', `http://127.0.0.1:${String(port)}`, '--timeout', '0.3']);
  mute.close();
  assert.deepEqual([outcome.code, outcome.stdout], [1, 'no answer in time\n']);
});

test('a launch whose model is refused leaves no file in the cache', async () => {
  const cache = makeTemporaryFolder();
  mkdirSync(join(cache, 'qwen-embed'), { recursive: true });
  const folder = copyOfFixture();
  writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(8));
  const args = ['launch', '--port', '0', '--model-path', folder];
  assert.equal((await runCli(args, { env: { XDG_CACHE_HOME: cache } })).code, 4);
  const left = readdirSync(join(cache, 'qwen-embed'), { recursive: true, withFileTypes: true });
  assert.deepEqual(
    left.filter((entry) => entry.isFile()),
    [],
  );
});

test('convert writes where it is told and describes it as JSON', async () => {
  const outfile = join(makeTemporaryFolder(), 'out.gguf');
  const outcome = await runCli([
    'convert',
    fixtureFolder(),
    '--outfile',
    outfile,
    '--outtype',
    'q8_0',
    '--json',
  ]);
  assert.deepEqual(JSON.parse(outcome.stdout), {
    outfile,
    outtype: 'q8_0',
    sizeBytes: statSync(outfile).size,
    tensorCount: 24,
  });
  assert.equal(outcome.code, 0);
});
