import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { PROTOCOL_VERSION } from '../../src/worker/protocol.ts';
import { eventually } from '../fixtures/eventually.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { assertKnown, openTestPool } from './test-pool.ts';

test('a worker that exits at once fails the start with its last words', async (t) => {
  const socketFolder = makeTemporaryFolder();
  await assert.rejects(openTestPool(t, { worker: 'exits', socketFolder }), (error: Error) => {
    assert.match(
      error.message,
      /^no worker could start: it exited with code 7 before it was ready, saying: /,
    );
    assert.match(error.message, /found 1 device/);
    assert.match(error.message, /unsupported toolchain/);
    return true;
  });
  assert.deepEqual(await readdir(socketFolder), [], 'no socket is left');
});

test('a fault while opening is what openPool rejects with', async (t) => {
  await assert.rejects(openTestPool(t, { worker: 'fault', workerCount: 2 }), {
    name: 'Fault',
    code: 'MODEL_UNSUPPORTED',
    message: 'model.gguf: it is a poem',
  });
});

test('one worker that cannot start does not stop the others', async (t) => {
  const settings = (index: number) => ({ index, onlyIndex: 0 });
  const { pool, lines } = await openTestPool(t, { worker: 'fault', workerCount: 2, settings });
  await eventually(() => lines.includes('worker is given up'));
  assertKnown(['a'], await pool.embed(['a']));
  assert.deepEqual(
    pool.status().workers.map(({ state }) => state),
    ['given-up', 'ready'],
  );
});

test('a worker that is never ready is killed when its time is over', async (t) => {
  const restartLimits = { startTimeoutMs: 300 };
  await assert.rejects(openTestPool(t, { worker: 'never-ready', restartLimits }), {
    message: 'no worker could start: it was not ready within 0.3 s, without a word',
  });
});

test('a start can be cancelled', async (t) => {
  const signal = AbortSignal.timeout(100);
  await assert.rejects(openTestPool(t, { worker: 'never-ready', signal }), { code: 'CANCELLED' });
});

test('a worker of another protocol version is refused', async (t) => {
  const settings = () => ({ protocol: 1, embed: '' });
  await assert.rejects(openTestPool(t, { worker: 'raw', settings }), {
    code: 'WIRE_MALFORMED',
    message: new RegExp(`it speaks version 1, this side ${String(PROTOCOL_VERSION)}$`),
  });
});

test('an entry that does not exist fails the start', async (t) => {
  await assert.rejects(openTestPool(t, { worker: 'no-such' }), { code: 'WORKER_START_FAILED' });
});

test('a socket folder that cannot be made is a fault', async (t) => {
  const socketFolder = join(makeTemporaryFolder(), 'missing');
  await assert.rejects(openTestPool(t, { worker: 'known', socketFolder }), { code: 'FILE_UNWRITABLE' });
});
