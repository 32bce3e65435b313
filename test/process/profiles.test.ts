import assert from 'node:assert/strict';
import test from 'node:test';
import { PROTOCOL_VERSION } from '../../src/worker/protocol.ts';
import { eventually } from '../fixtures/eventually.ts';
import { openTestPool } from './test-pool.ts';

test('the profile of a pool is the sum of its workers, and a death takes nothing from it', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known', workerCount: 2 });
  await eventually(() => pool.status().workers.every(({ state }) => state === 'ready'));
  await Promise.all(['a', 'b', 'c'].map((text) => pool.embed([text])));
  const before = await pool.profile();
  // Each worker embeds one text of its own before it is ready.
  assert.equal(before.texts, 5);
  assert.equal(before.stageSeconds.decode, 2.5);
  process.kill(pool.status().workers[0]?.pid ?? assert.fail(), 'SIGKILL');
  await eventually(() => pool.status().workers[0]?.deaths === 1);
  await eventually(() => pool.status().workers.every(({ state }) => state === 'ready'));
  assert.equal((await pool.profile()).texts, 6);
});

test('a worker that answers no profile is left out of it', async (t) => {
  const settings = () => ({ protocol: PROTOCOL_VERSION, embed: '' });
  const { pool } = await openTestPool(t, { worker: 'raw', settings });
  assert.equal((await pool.profile()).texts, 0);
});

test('a pool that closes answers no profile', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known' });
  await pool.close();
  await assert.rejects(pool.profile(), { code: 'STOPPING' });
});
