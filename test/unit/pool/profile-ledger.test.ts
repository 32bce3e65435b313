import assert from 'node:assert/strict';
import test from 'node:test';
import { emptyProfile, forStages, type Profile } from '../../../src/embedder.ts';
import { ProfileLedger } from '../../../src/pool/profile-ledger.ts';

const profileOf = (texts: number, decode: number): Profile => ({
  ...emptyProfile(),
  texts,
  stageSeconds: { ...emptyProfile().stageSeconds, decode },
  stageCounts: forStages((stage) => emptyProfile().stageCounts[stage].map((_, at) => texts * (at + 1))),
});

const [first, second] = [{ name: 'first' }, { name: 'second' }];

test('the profiles of all workers are added up', () => {
  const ledger = new ProfileLedger();
  for (const worker of [first, second]) ledger.open(worker);
  ledger.see(first, profileOf(3, 0.5));
  ledger.see(second, profileOf(4, 0.25));
  assert.deepEqual(ledger.total(), profileOf(7, 0.75));
});

test('what a dead worker had done counts as it was last seen', () => {
  const ledger = new ProfileLedger();
  ledger.open(first);
  ledger.see(first, profileOf(3, 0.5));
  ledger.bury(first);
  ledger.open(second);
  ledger.see(second, profileOf(1, 0.5));
  assert.deepEqual(ledger.total(), profileOf(4, 1));
});

test('an answer that comes after the death, or after a later one, changes nothing', () => {
  const ledger = new ProfileLedger();
  ledger.open(first);
  ledger.see(first, profileOf(3, 1));
  ledger.see(first, profileOf(2, 0.5));
  assert.deepEqual(ledger.total(), profileOf(3, 1));
  ledger.bury(first);
  ledger.bury(first);
  ledger.see(first, profileOf(9, 9));
  assert.deepEqual(ledger.total(), profileOf(3, 1));
});
