import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../fixtures/eventually.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { assertKnown, fixture, isGone, openTestPool } from './test-pool.ts';

test('close answers what is in flight, refuses what comes, and leaves nothing', async (t) => {
  const socketFolder = makeTemporaryFolder();
  const settings = () => ({ pauseMs: 50 });
  const { pool } = await openTestPool(t, { worker: 'known', settings, socketFolder });
  const [folder = ''] = await readdir(socketFolder);
  if (process.platform !== 'win32') {
    assert.equal((await stat(join(socketFolder, folder))).mode & 0o777, 0o700, 'nobody else may enter');
  }
  const texts = Array.from({ length: 300 }, (_, index) => `text ${String(index)}`);
  const answers = texts.map((text) => pool.embed([text]));
  const pid = pool.status().workers[0]?.pid ?? 0;
  const closed = pool.close();
  await assert.rejects(pool.embed(['late']), { code: 'STOPPING' });
  for (const [index, text] of texts.entries()) assertKnown([text], (await answers[index]) ?? assert.fail());
  await closed;
  assert.ok(isGone(pid));
  assert.deepEqual(await readdir(socketFolder), []);
});

test('close answers a request that is still being written', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known' });
  const texts = Array.from({ length: 6 }, (_, index) => `${String(index)} `.repeat(400_000));
  const answer = pool.embed(texts);
  const closed = pool.close();
  assertKnown(texts, await answer);
  await closed;
});

test('a worker that ignores the order to stop is killed after the grace time', async (t) => {
  const closeLimits = { graceMs: 100 };
  const { pool, lines } = await openTestPool(t, { worker: 'deaf', closeLimits });
  const pid = pool.status().workers[0]?.pid ?? 0;
  await pool.close();
  assert.ok(isGone(pid));
  assert.ok(lines.includes('deaf'));
});

test('a request that outlasts the drain ends with STOPPING', async (t) => {
  const closeLimits = { drainMs: 50, graceMs: 50 };
  const { pool } = await openTestPool(t, { worker: 'cancel', closeLimits });
  const endless = assert.rejects(pool.embed(['endless']), { code: 'STOPPING' });
  await pool.close();
  await endless;
});

test('signals to the whole group leave the workers to their parent', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known' });
  const pid = pool.status().workers[0]?.pid ?? 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal);
  assertKnown(['a'], await pool.embed(['a']));
  assert.equal(pool.status().workers[0]?.deaths, 0);
});

interface ParentPlan {
  worker: string;
  /** What each worker prints, or is logged of it, when the parent is to go. */
  mark: string;
  signal: 'SIGKILL' | 'SIGUSR2';
}

/** Ends a program with two workers; resolves with what is left in its socket folder when they are gone. */
async function endParent(t: TestContext, { worker, mark, signal }: ParentPlan): Promise<string[]> {
  const socketFolder = makeTemporaryFolder();
  const script = fileURLToPath(new URL('orphan-parent.js', import.meta.url));
  const parent = spawn(process.execPath, [script, fixture(worker), socketFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pids: number[] = [];
  createInterface(parent.stdout).on('line', (line) => {
    const { message, pid } = JSON.parse(line) as { message: string; pid?: number };
    if (message.startsWith(mark)) pids.push(pid ?? Number(message.slice(mark.length)));
  });
  await eventually(() => pids.length === 2);
  parent.kill(signal);
  await eventually(() => pids.every(isGone));
  return readdir(socketFolder);
}

test('a parent killed with SIGKILL leaves no worker and no socket', async (t) => {
  const left = await endParent(t, { worker: 'known', mark: 'worker is ready', signal: 'SIGKILL' });
  assert.deepEqual(left, []);
});

test('a parent that exits without closing leaves no worker and no socket', async (t) => {
  const left = await endParent(t, { worker: 'known', mark: 'worker is ready', signal: 'SIGUSR2' });
  assert.deepEqual(left, []);
});

test('a parent killed while its workers load leaves none, though their main thread is blocked', async (t) => {
  const left = await endParent(t, { worker: 'blocked', mark: 'blocked ', signal: 'SIGKILL' });
  assert.deepEqual(left, []);
});
