import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from '../fixtures/eventually.ts';
import { openTestPool } from './test-pool.ts';

test('token ids and texts cross a pool and come back', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known' });
  assert.deepEqual(await pool.tokenise(['ab', ''], { special: true }), [[97, 98, 0], [0]]);
  assert.deepEqual(await pool.tokenise(['é'], { special: false }), [[233]]);
  assert.deepEqual(await pool.detokenise([[104, 105], []], { special: false }), ['hi', '']);
});

test('the order to forget reaches every worker', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known', workerCount: 2 });
  await eventually(() => pool.status().workers.every(({ state }) => state === 'ready'));
  await pool.forget();
  assert.equal((await pool.profile()).batches, 2);
});

test('a pool that closes takes no questions', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known' });
  await pool.close();
  await assert.rejects(pool.tokenise(['a'], { special: true }), { code: 'STOPPING' });
  await assert.rejects(pool.detokenise([[1]], { special: true }), { code: 'STOPPING' });
  await assert.rejects(pool.forget(), { code: 'STOPPING' });
});
