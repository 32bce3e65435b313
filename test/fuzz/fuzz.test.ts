import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPartInChild } from './run-parts.ts';
import { TARGETS, type TargetName } from './targets.ts';

// `npm run fuzz` does a million.
const COUNT = 250;

for (const target of Object.keys(TARGETS) as TargetName[]) {
  const { reads } = TARGETS[target];
  test(`${reads}: each of ${String(COUNT)} fuzzed inputs is read or refused`, async () => {
    const { report, problem } = await runPartInChild({ target, seed: 1, count: COUNT });
    assert.equal(problem, null);
    assert.equal(report?.inputs, COUNT);
    assert.ok(
      Object.keys(report.ends).length >= 2,
      `they end in different ways: ${Object.keys(report.ends).join()}`,
    );
  });
}
