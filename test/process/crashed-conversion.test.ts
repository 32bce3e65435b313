import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashConversions, makeCrashModel } from '../fixtures/fuzz-conversion.ts';

// `npm run fuzz:conversion` does 100.
const SEEDS = 2;

test('launches killed at any step end with the right file, and fetch no shard again that was converted', async () => {
  const model = await makeCrashModel();
  let recalled = 0;
  for (let seed = 0; seed < SEEDS; seed++) recalled += (await crashConversions(model, seed)).recalled;
  assert.ok(recalled > 0, 'some run went on from what another had converted');
});
