import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkCache } from '../../../src/doctor/check-cache.ts';
import {
  checkMemory,
  checkNode,
  checkPort,
  compareVersions,
  LEAST_NODE,
} from '../../../src/doctor/check-host.ts';
import { checkHub } from '../../../src/doctor/check-hub.ts';
import type { Patient } from '../../../src/doctor/finding.ts';
import { KNOWN_ANSWER } from '../../../src/doctor/known-answer.ts';
import { KNOWN_TEXT, listTokens, makeTensors, SHAPE } from '../../../src/doctor/tiny-model.ts';
import { embedTokens } from '../../fixtures/forward.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const patient = (settings: object, env: Patient['env'] = {}): Patient => ({
  settings: { source: null, downloadDir: null, cacheFolder: null, ...settings } as Patient['settings'],
  env,
});

async function openPort(t: TestContext, status: number): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('the known answer is what a forward pass in float64 makes of the same weights', () => {
  const weights = new Map(makeTensors().map(({ name, values }) => [name, values]));
  const tokens = [...Buffer.from(KNOWN_TEXT), listTokens().length - 1];
  const vector = embedTokens(
    tokens,
    SHAPE,
    (name) => weights.get(name) ?? (name.endsWith('.bias') ? [] : assert.fail(name)),
  );
  assert.equal(vector.length, KNOWN_ANSWER.length);
  // The answer is written with six decimals.
  for (const [i, x] of vector.entries()) assert.ok(Math.abs(x - (KNOWN_ANSWER[i] ?? NaN)) < 1e-6);
});

test('the oldest Node is the one that package.json names, and versions compare by number', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  assert.equal(engines.node, `>=${LEAST_NODE}`);
  assert.equal(checkNode().state, 'ok');
  assert.ok(compareVersions('20.9.0', '20.18.1') < 0 && compareVersions('22.0.0', '20.18.1') > 0);
});

test('a hub that answers is fine, and one that fails or is not there is a warning with the alternative', async (t) => {
  const endpoint = (port: number) => ({ HF_ENDPOINT: `http://127.0.0.1:${String(port)}`, no_proxy: '*' });
  const answers = await checkHub(patient({}, endpoint(await openPort(t, 200))));
  assert.deepEqual([answers.state, answers.advice], ['ok', null]);
  const fails = await checkHub(patient({}, endpoint(await openPort(t, 503))));
  assert.match(`${fails.state}: ${fails.found}`, /^warning: http:\/\/127\.0\.0\.1:\d+ answers HTTP 503$/);
  const missing = await checkHub(patient({}, endpoint(1)));
  assert.match(missing.found, /^http:\/\/127\.0\.0\.1:1 cannot be reached: /);
  assert.match(missing.advice ?? '', /HF_ENDPOINT=.*modelscope$/);
});

test('offline the hub is not checked, and says so', async () => {
  const { state, found } = await checkHub(patient({}, { HF_HUB_OFFLINE: '1' }));
  assert.deepEqual([state, found.includes('offline')], ['not checked', true]);
});

test('a port in use is a warning, one that cannot be had a problem', async (t) => {
  const port = await openPort(t, 200);
  assert.equal((await checkPort(patient({ host: '127.0.0.1', port }))).state, 'warning');
  assert.equal((await checkPort(patient({ host: '127.0.0.1', port: 0 }))).state, 'ok');
  assert.equal((await checkPort(patient({ host: '192.0.2.1', port: 0 }))).state, 'problem');
});

test('memory that holds no model of the family is a warning with the smallest, else the largest is named', () => {
  const memoryFor = (memFractionStatic: number) =>
    checkMemory(patient({ memFractionStatic, device: 'cpu', outtype: 'q8_0', dtype: 'auto' }));
  const short = memoryFor(1e-6);
  assert.equal(short.state, 'warning');
  assert.match(short.found, /GB; Qwen3-Embedding-0\.6B in q8_0 has 0\.63 GB$/);
  const ample = memoryFor(1e3);
  assert.equal(ample.state, 'ok');
  assert.match(ample.found, /; room for Qwen3-Embedding-8B in q8_0 \(8\.\d+ GB\)$/);
});

test('the cache tells how many converted models it holds, folders and repositories, or that it is not there yet', () => {
  const cacheFolder = join(makeTemporaryFolder(), 'cache');
  assert.match(checkCache(patient({ cacheFolder })).found, /made at the first launch$/);
  const repository = join(cacheFolder, 'converted', 'hub', 'huggingface', 'o--n', 'c0');
  mkdirSync(repository, { recursive: true });
  writeFileSync(join(cacheFolder, 'converted', 'a.gguf'), '');
  writeFileSync(join(repository, 'b.gguf'), '');
  assert.match(checkCache(patient({ cacheFolder })).found, /: 2 converted models, 0\.00 GB$/);
  writeFileSync(join(repository, 'c.gguf.unfinished'), '');
  assert.match(
    checkCache(patient({ cacheFolder })).found,
    /: 2 converted models and 1 unfinished, 0\.00 GB$/,
  );
});

const isRoot = process.getuid?.() === 0;
test('a cache that cannot be written is a problem', { skip: isRoot && 'root writes everywhere' }, () => {
  const folder = makeTemporaryFolder();
  chmodSync(folder, 0o500);
  assert.equal(checkCache(patient({ cacheFolder: join(folder, 'cache') })).state, 'problem');
});
