import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { acquireLock, type HeldLock } from '../../../src/download/lock.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const lockPath = (): string => join(makeTemporaryFolder(), 'deep', 'a.lock');

const acquire = (
  path: string,
  { staleMs = 60_000, signal = new AbortController().signal } = {},
): Promise<HeldLock> => acquireLock(path, { staleMs, signal, onWait: () => undefined });

/** Of another process than this one. */
const textOf = (path: string, change: object): string =>
  JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...change });

test('the second waits until the first lets go', async () => {
  const path = lockPath();
  const order: string[] = [];
  const first = await acquire(path);
  const second = acquire(path).then((lock) => {
    order.push('second has it');
    return lock;
  });
  assert.equal(await first.isHeld(), true);
  order.push('first lets go');
  await first.release();
  await (await second).release();
  assert.deepEqual(order, ['first lets go', 'second has it']);
});

test('of many at once, one holds it at any time', async () => {
  const path = lockPath();
  let [holders, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await acquire(path);
      most = Math.max(most, ++holders);
      await new Promise(setImmediate);
      holders--;
      await lock.release();
    }),
  );
  assert.equal(most, 1);
});

test('a killed holder loses it at once', async () => {
  const path = lockPath();
  const dead = spawnSync(process.execPath, ['--version']).pid;
  const lock = await acquire(path);
  const text = textOf(path, { id: 'killed', pid: dead });
  await lock.release();
  writeFileSync(path, text);
  const next = await acquire(path);
  assert.equal(await next.isHeld(), true);
  await next.release();
});

test('a holder on another machine keeps it while its beat changes, and loses it when it stays still', async () => {
  const path = lockPath();
  const lock = await acquire(path);
  const beat = (count: number): string =>
    textOf(path, { id: 'far', pid: 1, machine: 'elsewhere', beat: count });
  let beats = 0;
  writeFileSync(path, beat(0));
  const timer = setInterval(() => {
    if (beats < 10) writeFileSync(path, beat(++beats));
  }, 20);
  const waited: string[] = [];
  const next = await acquireLock(path, {
    staleMs: 600,
    signal: new AbortController().signal,
    onWait: (holder) => waited.push(holder),
  });
  clearInterval(timer);
  assert.deepEqual([beats, waited], [10, ['process 1 on elsewhere']]);
  assert.equal(await lock.isHeld(), false);
  await lock.release();
  assert.equal(await next.isHeld(), true);
  await next.release();
  assert.deepEqual(readdirSync(join(path, '..')), []);
});

/** The next file that is renamed has this text by then. */
function writeBeforeRename(t: TestContext, text: string): void {
  const { rename } = fs.promises;
  const restore = (): void => {
    fs.promises.rename = rename;
    syncBuiltinESMExports();
  };
  t.after(restore);
  fs.promises.rename = (from, to) => {
    restore();
    writeFileSync(from, text);
    return rename(from, to);
  };
  syncBuiltinESMExports();
}

test('a lock that changed hands while it was judged dead goes back to its new holder', async (t) => {
  const path = lockPath();
  const lock = await acquire(path);
  const living = textOf(path, { id: 'living', pid: process.ppid });
  const dead = textOf(path, { id: 'killed', pid: spawnSync(process.execPath, ['--version']).pid });
  await lock.release();
  writeFileSync(path, dead);
  writeBeforeRename(t, living);
  const stop = new AbortController();
  const onWait = (): void => {
    stop.abort(new Error('it is waited for'));
  };
  const next = acquireLock(path, { staleMs: 600, signal: stop.signal, onWait });
  await assert.rejects(next, /it is waited for/);
  assert.equal(readFileSync(path, 'utf8'), living);
  rmSync(path);
});

test('an abort ends the wait with its reason', async () => {
  const path = lockPath();
  const first = await acquire(path);
  const stop = new AbortController();
  const second = acquire(path, { signal: stop.signal });
  stop.abort(new Error('ctrl-c'));
  await assert.rejects(second, /ctrl-c/);
  await first.release();
});
