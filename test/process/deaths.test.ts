import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import type { WorkerPool } from '../../src/pool/worker-pool.ts';
import { eventually } from '../fixtures/eventually.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { assertKnown, openTestPool } from './test-pool.ts';

const words = (count: number): string[] => Array.from({ length: count }, (_, n) => `word ${String(n)}`);

/** Sends each text as a call of its own; the outcome of each, in order. */
const embedEach = (pool: WorkerPool, texts: readonly string[]) =>
  Promise.allSettled(texts.map((text) => pool.embed([text])));

for (const workerCount of [1, 2]) {
  test(`kill -9 amid 500 requests loses none of them (workers: ${String(workerCount)})`, async (t) => {
    const settings = () => ({ pauseMs: 10 });
    const { pool, lines } = await openTestPool(t, { worker: 'known', workerCount, settings });
    await eventually(() => pool.status().workers.every(({ state }) => state === 'ready'));
    const texts = words(500);
    const answers = texts.map((text) => pool.embed([text]));
    await Promise.race(answers);
    const [victim] = pool.status().workers;
    assert.ok(victim?.pid && victim.inFlight > 100, 'it is killed in the middle');
    process.kill(victim.pid, 'SIGKILL');
    for (const [index, text] of texts.entries()) {
      const answer = await answers[index];
      assert.ok(answer);
      assertKnown([text], answer);
    }
    await eventually(() => lines.filter((line) => line === 'worker is ready').length === workerCount + 1);
  });
}

test('a request that kills two workers is refused and the innocents beside it are answered', async (t) => {
  const { pool } = await openTestPool(t, { worker: 'poison', workerCount: 2 });
  await eventually(() => pool.status().workers.every(({ state }) => state === 'ready'));
  const texts = words(60);
  texts[30] = 'poison';
  const outcomes = await embedEach(pool, texts);
  for (const [index, outcome] of outcomes.entries()) {
    const text = texts[index] ?? '';
    if (outcome.status === 'fulfilled') assertKnown([text], outcome.value);
    else {
      assert.equal(text, 'poison', String(outcome.reason));
      const { code, params, status, retry } = outcome.reason as Record<string, unknown>;
      assert.deepEqual([code, params, status, retry], ['WORKER_DIED', { deaths: 2 }, 500, false]);
    }
  }
  assert.equal(outcomes[30]?.status, 'rejected');
  const deaths = pool.status().workers.map((worker) => worker.deaths);
  assert.equal(
    deaths.reduce((sum, count) => sum + count),
    2,
  );
});

test('deaths over a request are told with its id, and so is what a worker notes', async (t) => {
  const { pool, lines, idsOf } = await openTestPool(t, { worker: 'poison' });
  await pool.embed(['noteworthy'], { requestId: 'req_note' });
  await eventually(() => lines.includes('a text is noteworthy'));
  assert.deepEqual(idsOf('a text is noteworthy'), ['req_note']);
  await assert.rejects(pool.embed(['poison'], { requestId: 'req_poison' }), { code: 'WORKER_DIED' });
  await eventually(() => lines.includes('workers died over a request, which is refused'));
  for (const message of ['worker died and is restarted', 'workers died over a request, which is refused'])
    assert.deepEqual(idsOf(message), ['req_poison']);
});

test('poison that keeps coming never harms the others and never costs the only worker', async (t) => {
  const limits = { firstDelayMs: 1, maxFutileLives: 3 };
  const { pool } = await openTestPool(t, { worker: 'poison', restartLimits: limits });
  const texts = words(40).map((text, index) => (index % 8 === 3 ? 'poison' : text));
  const outcomes = await embedEach(pool, texts);
  const wrong = outcomes.filter(
    ({ status }, index) => (status === 'rejected') !== (texts[index] === 'poison'),
  );
  assert.deepEqual(wrong, []);
  assertKnown(['after'], await pool.embed(['after']));
});

test('a worker that aborts mid-batch is restarted and its batch is tried once more', async (t) => {
  const folder = makeTemporaryFolder();
  const settings = () => ({ mark: join(folder, 'mark') });
  const { pool, lines } = await openTestPool(t, { worker: 'dies-once', settings });
  const texts = words(50);
  const answers = await Promise.all(texts.map((text) => pool.embed([text])));
  for (const [index, answer] of answers.entries()) assertKnown([texts[index] ?? ''], answer);
  const [worker] = pool.status().workers;
  assert.deepEqual(
    [worker?.state, worker?.deaths, worker?.problem],
    ['ready', 1, 'it was killed by SIGABRT'],
  );
  assert.ok(lines.includes('GGML_ASSERT(false) failed'));
});

test('a worker that dies too often is given up and every call then says so', async (t) => {
  const settings = () => ({ pauseMs: 5 });
  const limits = { firstDelayMs: 1, maxFutileLives: 1 };
  const { pool } = await openTestPool(t, { worker: 'known', settings, restartLimits: limits });
  const pids = new Set<number>();
  const kill = (): boolean => {
    const [worker] = pool.status().workers;
    if (worker?.state === 'ready' && worker.pid !== null && !pids.has(worker.pid)) {
      pids.add(worker.pid);
      process.kill(worker.pid, 'SIGKILL');
    }
    return worker?.state === 'given-up';
  };
  await eventually(kill);
  await assert.rejects(pool.embed(['a']), {
    code: 'WORKERS_GIVEN_UP',
    message:
      'every worker was given up: it was killed by SIGKILL and has died 2 times in a row, each time sooner than it takes to start',
  });
  const { message } = await pool.givenUp;
  assert.equal(pool.status().failure, message);
  assert.throws(
    () => {
      pool.checkRoom();
    },
    { code: 'WORKERS_GIVEN_UP' },
  );
  await assert.rejects(pool.tokenise(['a'], { special: false }), { code: 'WORKERS_GIVEN_UP' });
});
