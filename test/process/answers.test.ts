import assert from 'node:assert/strict';
import test from 'node:test';
import { PROTOCOL_VERSION } from '../../src/worker/protocol.ts';
import { eventually } from '../fixtures/eventually.ts';
import { assertKnown, openTestPool } from './test-pool.ts';

const manyTexts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `text ${String(index)} ${'x'.repeat(index % 50)}`);

test('a pool knows its model and answers texts and token ids', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known' });
  assert.equal(pool.model.vocabularySize, 1000);
  assertKnown(['a', 'ü', ''], await pool.embed(['a', 'ü', '']));
  assertKnown(['1 2 3'], await pool.embed([[1, 2, 3]], { dimensions: 4 }));
});

test('a big call is shared by the workers and answered in order', async (t) => {
  const { pool, lines } = await openTestPool(t, { worker: 'known', workerCount: 2 });
  await eventually(() => lines.filter((line) => line === 'worker is ready').length === 2);
  const texts = manyTexts(2048);
  const answer = pool.embed(texts);
  assert.deepEqual(
    pool.status().workers.map(({ inFlight }) => inFlight),
    [1, 1],
  );
  assertKnown(texts, await answer);
});

test('a fault about an input names the input of the call, not of the slice', async (t) => {
  const { pool, lines } = await openTestPool(t, { worker: 'picky', workerCount: 2 });
  await eventually(() => lines.filter((line) => line === 'worker is ready').length === 2);
  const texts = manyTexts(1000);
  texts[900] = 'too long';
  await assert.rejects(pool.embed(texts), {
    code: 'INPUT_TOO_LONG',
    params: { index: 900, tokens: 9000, limit: 4096 },
  });
});

test('what cannot be a token id is refused before it reaches a worker', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known' });
  await assert.rejects(pool.embed([[1, 2.5]]), { message: 'input 0 has 2.5, which is no token id' });
  assert.equal(pool.status().workers[0]?.deaths, 0);
});

test('a caller that leaves ends its request in the worker', async (t) => {
  const { pool, lines } = await openTestPool(t, { worker: 'cancel' });
  const caller = new AbortController();
  const endless = pool.embed(['endless'], { signal: caller.signal });
  await eventually(() => lines.includes('begun'));
  caller.abort();
  await assert.rejects(endless, { code: 'CANCELLED' });
  await eventually(() => lines.includes('aborted'));
  assertKnown(['next'], await pool.embed(['next']));
  await assert.rejects(pool.embed(['late'], { signal: caller.signal }), { code: 'CANCELLED' });
});

test('a worker that floods its streams still answers', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'flood' });
  for (const text of ['a', 'b', 'c']) assertKnown([text], await pool.embed([text]));
});

const http = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`;
const oneVector = `QEr${String.fromCharCode(PROTOCOL_VERSION)}\x01\0\0\0\x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\x80\x3f`;

test('a well-formed answer that means nothing is the fault WIRE_MALFORMED', async (t) => {
  const settings = () => ({ protocol: PROTOCOL_VERSION, embed: http('nonsense') });
  const { pool } = await openTestPool(t, { worker: 'raw', settings });
  await assert.rejects(pool.embed(['a']), { code: 'WIRE_MALFORMED' });
});

test('an answer with too few vectors is refused', async (t) => {
  const settings = () => ({ protocol: PROTOCOL_VERSION, embed: http(oneVector) });
  const { pool } = await openTestPool(t, { worker: 'raw', settings });
  await assert.rejects(pool.embed(['a', 'b']), { message: /1 vectors for 2 inputs/ });
});

test('a worker that answers twice is believed once per request', async (t) => {
  const settings = () => ({ protocol: PROTOCOL_VERSION, embed: http(oneVector) + http(oneVector) });
  const { pool } = await openTestPool(t, { worker: 'raw', settings });
  for (let round = 0; round < 5; round += 1) {
    const { vectors, tokenCounts } = await pool.embed(['a']);
    assert.deepEqual([[...vectors], [...tokenCounts]], [[1], [5]]);
  }
});

test('a worker that breaks its connection is replaced, and the request that it breaks on twice is refused', async (t) => {
  const settings = () => ({ protocol: PROTOCOL_VERSION, embed: 'SSH-2.0-OpenSSH\r\n' });
  const { pool } = await openTestPool(t, { worker: 'raw', settings });
  await assert.rejects(pool.embed(['a']), { code: 'WORKER_DIED' });
});

test('by round_robin requests one after the other go to one worker after the other', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'known', workerCount: 2, balance: 'round_robin' });
  await eventually(() => pool.status().workers.every(({ state }) => state === 'ready'));
  for (let i = 0; i < 4; i++) await pool.embed([`text ${String(i)}`]);
  // What the dead one did is not seen any more: of four texts two, and one that each worker embeds before it is ready.
  process.kill(pool.status().workers[0]?.pid ?? assert.fail(), 'SIGKILL');
  await eventually(() => pool.status().workers[0]?.deaths === 1);
  await eventually(() => pool.status().workers.every(({ state }) => state === 'ready'));
  assert.equal((await pool.profile()).texts, 2 + 2);
});
