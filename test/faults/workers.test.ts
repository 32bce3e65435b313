import assert from 'node:assert/strict';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { workersOf } from '../../scripts/processes.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFile } from '../fixtures/tiny-model.ts';
import { eventually } from '../fixtures/eventually.ts';
import { assertSame, serve, type Served, words } from './serving.ts';

const skip = process.platform === 'linux' ? false : 'it reads /proc';
let model = '';
before(async () => {
  model = await fixtureFile('f32');
});

test('workers that abort under load cost no request its answer', { skip }, async (t) => {
  const server = await serve(t, model, { args: ['--dp', '2'] });
  const texts = words(20);
  const expected = await Promise.all(texts.map(server.ask));
  const first = workersOf(server.pid);
  const again = Array.from({ length: 8 }, () => texts).flat();
  const replies = again.map(server.ask);
  await Promise.race(replies);
  for (const pid of first) process.kill(pid, 'SIGABRT');
  for (const [i, reply] of replies.entries()) assertSame(await reply, expected[i % texts.length]);
  await eventually(() => /it was killed by SIGABRT/.test(server.stderr()));
});

/** Kills every worker as soon as it is ready until the last is given up. */
async function killUntilGivenUp(server: Served): Promise<void> {
  const killed = new Set<number>();
  await eventually(async () => {
    if (/worker is given up/.test(server.stderr())) return true;
    const [pid] = workersOf(server.pid);
    const isReady = (await fetch(`${server.url}/health`).catch(() => null))?.status === 200;
    if (pid !== undefined && isReady && !killed.has(pid)) {
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    return false;
  });
}

const REASON = /it was killed by SIGKILL and has died 6 times in a row, each time sooner than/;

test(
  'a server whose workers are all given up ends with 5, the reason and what to do',
  { skip },
  async (t) => {
    const server = await serve(t, model);
    await killUntilGivenUp(server);
    assert.equal(await server.ended, 5);
    const [reason = '', hint = ''] = server.stderr().trimEnd().split('\n').slice(-2);
    assert.match(reason, /^error: every worker was given up: /);
    assert.match(reason, REASON);
    assert.match(hint, /^hint: start the server anew/);
  },
);

test('with --stay-when-failed it says why to whoever asks, and bids nobody wait', { skip }, async (t) => {
  const server = await serve(t, model, { args: ['--stay-when-failed'] });
  await killUntilGivenUp(server);
  const { status, code, message } = await server.ask('a');
  assert.deepEqual([status, code], [503, 'workers_given_up']);
  assert.match(message ?? '', REASON);
  const [live, health] = await Promise.all(['livez', 'health'].map((path) => fetch(`${server.url}/${path}`)));
  assert.deepEqual([live?.status, health?.status, health?.headers.get('retry-after')], [503, 503, null]);
  assert.match(((await live?.json()) as { reason: string }).reason, REASON);
  assert.equal(await server.end(), 0);
});

test(
  'a model file that is damaged while it is served is told when a worker must read it again',
  { skip },
  async (t) => {
    const copy = join(makeTemporaryFolder(), 'copy.gguf');
    copyFileSync(model, copy);
    const server = await serve(t, copy, { args: ['--stay-when-failed'] });
    const expected = await server.ask('a');
    writeFileSync(`${copy}.new`, 'no model any more');
    renameSync(`${copy}.new`, copy);
    assertSame(await server.ask('a'), expected);
    for (const pid of workersOf(server.pid)) process.kill(pid, 'SIGKILL');
    await eventually(() => /worker is given up/.test(server.stderr()));
    const { status, message } = await server.ask('a');
    assert.equal(status, 503);
    assert.match(message ?? '', /copy\.gguf/);
  },
);
