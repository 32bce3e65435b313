import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { warmUp } from '../../../src/launch/warm-up.ts';
import { FakeEmbedder } from '../../fixtures/fake-embedder.ts';

test('a start ends where the first text has no vector in time', async (t) => {
  // In a launch the sockets of the workers keep the process alive, here nothing else does.
  const alive = setInterval(() => undefined, 1000);
  t.after(() => {
    clearInterval(alive);
  });
  const embedder = new FakeEmbedder();
  embedder.hold();
  await assert.rejects(warmUp(embedder, { takesTexts: true, timeoutSeconds: 0.01 }), {
    code: 'WORKER_START_FAILED',
    message: /the first text had no vector within 0\.01 s \(--warmup-timeout\)$/,
  });
  assert.equal(embedder.cancelledCount, 1);
});

test('what goes wrong with the first text in time is told as it is', async () => {
  const embedder = new FakeEmbedder();
  embedder.failNext(new Fault('WORKER_DIED', { deaths: 2 }));
  await assert.rejects(warmUp(embedder, { takesTexts: true, timeoutSeconds: 60 }), { code: 'WORKER_DIED' });
});

test('the first text is token ids where texts are refused', async () => {
  const embedder = new FakeEmbedder();
  for (const takesTexts of [true, false]) await warmUp(embedder, { takesTexts, timeoutSeconds: 60 });
  assert.deepEqual(
    embedder.calls.map(({ inputs: [input] }) => typeof input),
    ['string', 'object'],
  );
});
