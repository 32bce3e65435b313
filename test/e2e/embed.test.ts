// `qwen-embed embed` as users run it: against a server with an embedder that has no model, and with a model of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { OUTPUT_FORMATS } from '../../src/embed/outputs.ts';
import { openServer, type ServerOptions } from '../../src/server/server.ts';
import { FakeEmbedder, fakeVector } from '../fixtures/fake-embedder.ts';
import { runCli } from '../fixtures/run-cli.ts';
import { fixtureFolder } from '../fixtures/tiny-model.ts';
import { readOutput } from '../unit/embed/read-output.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../../bin/qwen-embed.js', import.meta.url));
const ENDINGS = Object.values(OUTPUT_FORMATS).map(({ endings }) => endings[0]);

async function serveFake(
  t: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<{ url: string; embedder: FakeEmbedder }> {
  const embedder = new FakeEmbedder();
  const model = { id: 'fake', createdUnixSeconds: 1_700_000_000 };
  const server = await openServer({ host: '127.0.0.1', port: 0, model, ...options });
  t.after(() => server.close({ graceMs: 0 }));
  server.serve(embedder);
  return { url: server.url, embedder };
}

function writeRows(folder: string, count: number): string {
  const path = join(folder, 'in.jsonl');
  const lines = Array.from({ length: count }, (_, id) => JSON.stringify({ id, text: `text ${String(id)}` }));
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** Resolves once the file has at least that many bytes, or the process has ended. */
async function waitForBytes(path: string, bytes: number, isOver: () => boolean): Promise<void> {
  while (!isOver() && !(existsSync(path) && statSync(path).size >= bytes))
    await new Promise((resolve) => setImmediate(resolve));
}

for (const ending of ENDINGS) {
  test(`killed at random moments, a job ends with exactly the rows of an uninterrupted run, in ${ending}`, async (t) => {
    const { url } = await serveFake(t);
    const folder = makeTemporaryFolder();
    const input = writeRows(folder, 600);
    const [whole, output] = [join(folder, `whole${ending}`), join(folder, `out${ending}`)];
    const args = ['--url', url, '--batch-size', '5', '--in-flight', '2'];
    assert.equal((await runCli(['embed', input, '--output', whole, ...args])).code, 0);
    for (const bytes of [1, 40_000, 90_000]) {
      const child = spawn(process.execPath, [BIN, 'embed', input, '--output', output, ...args], {
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      await waitForBytes(join(`${output}.partial`, 'vectors.f32'), bytes, () => child.exitCode !== null);
      child.kill('SIGKILL');
      await ended;
    }
    assert.ok(!existsSync(output), 'the kills came too late to mean anything');
    const { code, stderr } = await runCli(['embed', input, '--output', output, ...args]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /going on after \d+ rows of an earlier run/);
    assert.deepEqual(readFileSync(output), readFileSync(whole));
    assert.ok(!existsSync(`${output}.partial`));
  });
}

test('in a pipe rows go from standard input to standard output', async (t) => {
  const { url } = await serveFake(t);
  const child = spawn(process.execPath, [BIN, 'embed', '--input-format', 'text', '--url', url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stdin.end('one\ntwo');
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { text: string; embedding: number[] });
  assert.deepEqual(
    rows.map(({ text, embedding }) => [text, Float32Array.from(embedding)]),
    ['one', 'two'].map((text) => [text, fakeVector(text, 64)]),
  );
});

test('an instruction stands before every text, dimensions cut the vectors, gzip is unpacked', async (t) => {
  const { url, embedder } = await serveFake(t);
  const folder = makeTemporaryFolder();
  const [input, output] = [join(folder, 'in.csv.gz'), join(folder, 'out.npy')];
  writeFileSync(input, gzipSync('id,question\n1,why?\n'));
  const options = ['--field', 'question', '--instruction', 'Answer', '--dimensions', '32', '--url', url];
  const { code, stdout } = await runCli(['embed', input, '--output', output, ...options, '--json']);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    path: output,
    rowCount: 1,
    resumedRows: 0,
    withoutVector: 0,
    dimensions: 32,
  });
  assert.deepEqual(embedder.calls.at(-1)?.inputs, ['Instruct: Answer\nQuery:why?']);
  assert.equal((await readOutput(output))[0]?.vector?.length, 32);
});

test('Ctrl-C ends with 130 and says how to go on', async (t) => {
  const { url, embedder } = await serveFake(t);
  const folder = makeTemporaryFolder();
  const input = writeRows(folder, 50);
  const output = join(folder, 'out.npy');
  const args = ['embed', input, '--output', output, '--url', url, '--batch-size', '5'];
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  await waitForBytes(join(`${output}.partial`, 'job.json'), 1, () => child.exitCode !== null);
  const release = embedder.hold();
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number | null];
  release();
  assert.equal(code, 130);
  assert.match(stderr, /the same command goes on where this one was/);
  assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
});

test('without a server it starts one of its own for --model-path', async () => {
  const folder = makeTemporaryFolder();
  const model = fixtureFolder();
  const [input, output] = [join(folder, 'in.txt'), join(folder, 'out.jsonl')];
  writeFileSync(input, 'Hello world\n你好世界\n');
  const cache = ['--cache-folder', join(folder, 'cache')];
  const { code, stderr } = await runCli(['embed', input, '-o', output, '--model-path', model, ...cache]);
  assert.equal(code, 0, stderr);
  const rows = await readOutput(output);
  assert.equal(rows.length, 2);
  for (const { vector } of rows) assert.ok(Math.abs(Math.hypot(...(vector ?? [])) - 1) < 1e-5);
});

const MISTAKES: readonly [string, readonly string[], number, RegExp][] = [
  ['a missing input', ['no.jsonl', '-o', 'out.npy'], 4, /no\.jsonl: there is no such file/],
  ['a name without a format', ['notes.md', '-o', 'out.npy'], 2, /its name does not tell its format/],
  ['an output without a format', ['in.jsonl', '-o', 'out.bin'], 2, /its name does not tell its format/],
  ['a part that is none', ['in.jsonl', '-o', 'out.npy', '--shard', '4/4'], 2, /is not a part of a job/],
  ['an array in a pipe', ['in.jsonl', '--output-format', 'npy'], 2, /cannot go to standard output/],
  ['a field that no row has', ['in.jsonl', '-o', 'out.npy', '--field', 'body'], 4, /has no field "body"/],
  ['a template without a field', ['in.jsonl', '-o', 'out.npy', '--template', 'x'], 2, /names no field/],
];

for (const [mistake, args, exitCode, sentence] of MISTAKES) {
  test(`${mistake} is told in one sentence with a hint`, async (t) => {
    const { url } = await serveFake(t);
    const folder = makeTemporaryFolder();
    writeRows(folder, 3);
    const { code, stderr } = await runCli(['embed', ...args, '--url', url], { cwd: folder });
    assert.equal(code, exitCode, stderr);
    assert.match(stderr, sentence);
    assert.match(stderr, /^hint: /m);
    assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
  });
}

test('a server that is not there is told at once', async () => {
  const folder = makeTemporaryFolder();
  const input = writeRows(folder, 3);
  const { code, stderr } = await runCli([
    'embed',
    input,
    '-o',
    join(folder, 'o.npy'),
    '--url',
    'http://127.0.0.1:9',
  ]);
  assert.equal(code, 3);
  assert.match(stderr, /http:\/\/127\.0\.0\.1:9\/v1\/embeddings: /);
});

test('a server that wants a key says so, with the option that gives it', async (t) => {
  const { url } = await serveFake(t, { keys: { api: 'top-secret', admin: null } });
  const input = writeRows(makeTemporaryFolder(), 3);
  const { code, stderr } = await runCli(['embed', input, '--output', `${input}.npy`, '--url', url]);
  assert.equal(code, 3);
  assert.equal(
    stderr,
    `error: ${url}/v1/embeddings: HTTP 401: this server wants a key and the request has none\n` +
      'hint: give the key of the server with --api-key\n',
  );
});
