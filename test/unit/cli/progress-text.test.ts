import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planLegs } from '../../../src/bench/plan.ts';
import { renderBenchProgress } from '../../../src/cli/bench-progress.ts';
import { renderJobLine } from '../../../src/cli/job-display.ts';
import { renderBytes, renderDuration, renderShare } from '../../../src/cli/progress-text.ts';

test('sizes and times are short', () => {
  assert.deepEqual([0, 999, 1_000, 12_345_678, 4_967_000_000].map(renderBytes), [
    '0 B',
    '999 B',
    '1 KB',
    '12 MB',
    '4.97 GB',
  ]);
  assert.deepEqual([0.2, 15, 723, 3_723].map(renderDuration), ['0:01', '0:15', '12:03', '1:02:03']);
});

test('what is not all done is never 100 %', () => {
  assert.deepEqual([0, 0.5, 0.999, 1].map(renderShare), ['0 %', '50 %', '99 %', '100 %']);
});

test('a benchmark tells how far a leg is, how fast it goes and how long it will take', () => {
  const loads = { clients: 2, rate: null, batchSize: null, texts: 100, durationSeconds: null };
  const [leg] = planLegs({ ...loads, repeat: 2, warmUp: null, preset: null, compare: null });
  assert.ok(leg !== undefined);
  const progress = { leg, round: 1, rounds: 2, texts: 50, elapsedMs: 1000 };
  assert.equal(
    renderBenchProgress(progress, 3000),
    '██████████████████░░░░░░ 75 %, 50 texts/s, 0:01 left; round 2 of 2, closed loop, 2 clients, single texts',
  );
  assert.match(renderBenchProgress({ ...progress, texts: 1 }, 150_000), /, 2:28 left;/);
  assert.match(
    renderBenchProgress({ ...progress, round: 0, texts: 0, elapsedMs: 0 }, 0),
    / 0 %, 0 texts\/s; round 1/,
  );
});

test('rows of an earlier run count as done and not for the rate', () => {
  assert.equal(
    renderJobLine({ rowsDone: 150, rowCount: 200, newRows: 50, ms: 1000 }),
    '██████████████████░░░░░░ 75 %, 50 texts/s, 0:01 left',
  );
});

test('in a pipe nobody knows how many rows will come, and none are promised', () => {
  assert.equal(
    renderJobLine({ rowsDone: 1500, rowCount: null, newRows: 1500, ms: 3000 }),
    '1,500 rows, 500 texts/s',
  );
});
