import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { assertKnown, openTestPool } from './test-pool.ts';

async function openHangingPool(t: TestContext, hangs: 'once' | 'always') {
  const folder = makeTemporaryFolder();
  const settings = () => ({ mark: hangs === 'once' ? join(folder, 'mark') : null });
  // Long enough that a busy machine's good worker is not taken for a silent one.
  const restartLimits = { firstDelayMs: 1, silenceTimeoutMs: 1500 };
  return openTestPool(t, { worker: 'hangs', settings, restartLimits });
}

for (const [text, problem] of Object.entries({
  block: 'it hung and was killed: it said nothing for 1.5 s',
  stick: 'it hung and was killed: a decode of 5 tokens took more than 1 s',
})) {
  test(`a worker that hangs over "${text}" is replaced and its requests are tried once more`, async (t) => {
    const { pool } = await openHangingPool(t, 'once');
    const texts = ['a', text, 'b'];
    const answers = await Promise.all(texts.map((each) => pool.embed([each])));
    for (const [index, answer] of answers.entries()) assertKnown([texts[index] ?? ''], answer);
    const [worker] = pool.status().workers;
    assert.deepEqual([worker?.state, worker?.deaths, worker?.problem], ['ready', 1, problem]);
  });
}

test('a request over which two workers hang is refused and the one beside it is answered', async (t) => {
  const { pool } = await openHangingPool(t, 'always');
  const refused = assert.rejects(pool.embed(['stick']), { code: 'WORKER_DIED', params: { deaths: 2 } });
  assertKnown(['a'], await pool.embed(['a']));
  await refused;
  assertKnown(['after'], await pool.embed(['after']));
});
