import assert from 'node:assert/strict';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { workersOf } from '../../scripts/soak/processes.ts';
import { fixtureFile, makeTemporaryFolder } from '../fixtures/tiny-model.ts';
import { assertSame, eventually, serve, words } from './serving.ts';

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

test(
  'a worker that dies again and again as soon as it is ready is given up, and requests are told why',
  { skip },
  async (t) => {
    const server = await serve(t, model);
    const killed = new Set<number>();
    const killReady = async () => {
      const [pid] = workersOf(server.pid);
      const isReady = (await fetch(`${server.url}/health`)).status === 200;
      if (pid !== undefined && isReady && !killed.has(pid)) {
        killed.add(pid);
        process.kill(pid, 'SIGKILL');
      }
      return /worker is given up/.test(server.stderr());
    };
    await eventually(killReady);
    const { status, code, message } = await server.ask('a');
    assert.deepEqual([status, code], [503, 'worker_start_failed']);
    assert.match(
      message ?? '',
      /it was killed by SIGKILL and has died 6 times in a row, each time sooner than/,
    );
    assert.equal((await fetch(`${server.url}/health`)).status, 503);
    assert.equal(await server.end(), 0);
  },
);

test(
  'a model file that is damaged while it is served is told when a worker must read it again',
  { skip },
  async (t) => {
    const copy = join(makeTemporaryFolder(), 'copy.gguf');
    copyFileSync(model, copy);
    const server = await serve(t, copy);
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
