import assert from 'node:assert/strict';
import test from 'node:test';
import { MAX_IN_FLIGHT } from '../../src/pool/routing.ts';
import { assertKnown, openTestPool } from './test-pool.ts';

test('a full queue refuses what is too much at once, and everything that was let in is answered', async (t) => {
  const admission = { queuedRequests: 10 };
  const settings = () => ({ pauseMs: 20 });
  const { pool } = await openTestPool(t, { worker: 'known', settings, admission });
  const texts = Array.from({ length: MAX_IN_FLIGHT + 30 }, (_, n) => `word ${String(n)}`);
  const outcomes = await Promise.allSettled(texts.map((text) => pool.embed([text])));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') assertKnown([texts[index] ?? ''], outcome.value);
    else assert.equal((outcome.reason as { code: string }).code, 'OVERLOADED');
  }
  assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 20);
  assertKnown(['after'], await pool.embed(['after']));
});

test('where priorities are obeyed a full queue gives up its last for a request of a higher one', async (t) => {
  const admission = { queuedRequests: 2, displaces: true };
  const { pool } = await openTestPool(t, { worker: 'known', settings: () => ({ pauseMs: 20 }), admission });
  const busy = Array.from({ length: MAX_IN_FLIGHT }, (_, n) => pool.embed([`word ${String(n)}`]));
  const [first, last] = [pool.embed(['first'], { priority: 1 }), pool.embed(['last'], { priority: 1 })];
  const refused = assert.rejects(last, { code: 'DISPLACED', status: 429, retry: true });
  const urgent = pool.embed(['urgent'], { priority: 2 });
  await assert.rejects(pool.embed(['equal'], { priority: 1 }), { code: 'OVERLOADED' });
  await refused;
  assertKnown(['urgent'], await urgent);
  assertKnown(['first'], await first);
  await Promise.all(busy);
});

test('a call that fails gives back the tokens that it took', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'picky', admission: { openTokens: 3 } });
  const big = 'x'.repeat(12);
  assertKnown([big], await pool.embed([big]));
  await assert.rejects(pool.embed([big], { signal: AbortSignal.abort() }), { code: 'CANCELLED' });
  const left = new AbortController();
  const cancelled = assert.rejects(pool.embed([big], { signal: left.signal }), { code: 'CANCELLED' });
  left.abort();
  await cancelled;
  assertKnown([big], await pool.embed([big]));
});
