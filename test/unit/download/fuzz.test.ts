import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzDownloads } from '../../fixtures/fuzz-download.ts';

// `npm run fuzz:download` does 1,000.
const SEEDS = 60;

test(`${String(SEEDS)} seeded runs against a misbehaving hub never give a wrong file its name`, async () => {
  const ends = new Set<string>();
  await fuzzDownloads([...Array(SEEDS).keys()], (outcome) => {
    for (const end of outcome.ends) ends.add(end);
  });
  assert.ok(ends.size >= 4, `they end in different ways: ${[...ends].join(', ')}`);
});
