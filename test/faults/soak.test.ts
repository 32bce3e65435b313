import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '../../scripts/soak/run.ts';
import { fixtureFile } from '../fixtures/tiny-model.ts';

const skip = process.platform === 'linux' ? false : 'it reads /proc';

// `npm run soak` sends 100,000.
test(
  '2,000 requests of all kinds keep every promise while workers are killed and stopped',
  { skip },
  async () => {
    const { outcomes, broken, problems } = await runSoak({
      modelFile: await fixtureFile('f32'),
      requests: 2000,
      connections: 32,
      workers: 2,
      everyMs: 200,
      watchdogSeconds: 2,
      mostMs: 300_000,
      seed: 2,
      onProgress: () => undefined,
    });
    assert.deepEqual(broken, [], problems.join('\n'));
    assert.ok(outcomes.answered > 1500);
  },
);
