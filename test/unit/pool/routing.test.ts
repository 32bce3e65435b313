import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  MAX_IN_FLIGHT,
  MIN_SLICE_BYTES,
  pickRoute,
  planSlices,
  type Load,
} from '../../../src/pool/routing.ts';

const load = (bytes: number, requests = bytes === 0 ? 0 : 1, lastTurn = 0): Load => ({
  ...{ bytes, requests, lastTurn },
  onTrial: false,
});
const trial: Load = { ...load(1), onTrial: true };
const fresh = { fresh: true, suspects: false };
const both = { fresh: true, suspects: true };

test('a request goes to the worker with the least work', () => {
  assert.deepEqual(pickRoute([load(9), load(3), load(5)], fresh), { worker: 1, take: 'fresh' });
  assert.deepEqual(pickRoute([load(0), load(0)], fresh), { worker: 0, take: 'fresh' });
});

for (const [balance, worker] of [
  ['total_tokens', 2],
  ['total_requests', 0],
  ['round_robin', 1],
] as const)
  test(`by ${balance} a request goes to another of three workers than by the others`, () => {
    const loads = [load(900, 1, 9), load(500, 3, 7), load(100, 2, 8)];
    assert.deepEqual(pickRoute(loads, fresh, balance), { worker, take: 'fresh' });
  });

test('a full worker gets nothing, and nothing waits for nobody', () => {
  assert.deepEqual(pickRoute([load(1, MAX_IN_FLIGHT), load(9)], fresh), { worker: 1, take: 'fresh' });
  assert.equal(pickRoute([load(1, MAX_IN_FLIGHT)], fresh), null);
  assert.equal(pickRoute([], both), null);
  assert.equal(pickRoute([load(0)], { fresh: false, suspects: false }), null);
});

test('a suspect runs on an idle worker only, and one at a time', () => {
  assert.deepEqual(pickRoute([load(9), load(0)], both), { worker: 1, take: 'suspect' });
  assert.deepEqual(pickRoute([trial, load(0)], both), { worker: 1, take: 'fresh' });
  assert.equal(pickRoute([trial, load(0)], { fresh: false, suspects: true }), null);
});

test('nothing runs beside a suspect', () => {
  assert.equal(pickRoute([trial], fresh), null);
  assert.deepEqual(pickRoute([trial, load(7)], fresh), { worker: 1, take: 'fresh' });
});

test('when all are busy the least busy worker is let run dry for the suspects', () => {
  assert.deepEqual(pickRoute([load(9), load(3)], both), { worker: 0, take: 'fresh' });
  assert.equal(pickRoute([load(3)], both), null);
});

test('a small call is not sliced, nor one that a single worker would share with itself', () => {
  assert.deepEqual(planSlices(['a', 'b'], 4), [{ start: 0, end: 2 }]);
  assert.deepEqual(planSlices(['a'.repeat(99_999), 'b'.repeat(99_999)], 1), [{ start: 0, end: 2 }]);
  assert.deepEqual(planSlices([], 4), [{ start: 0, end: 0 }]);
});

test('slices are of like size, not of like count', () => {
  const inputs = [
    'x'.repeat(3 * MIN_SLICE_BYTES),
    ...Array.from({ length: 3 }, () => 'y'.repeat(MIN_SLICE_BYTES)),
  ];
  assert.deepEqual(planSlices(inputs, 2), [
    { start: 0, end: 1 },
    { start: 1, end: 4 },
  ]);
});

test('slices cover the inputs in order, none is empty, and no more than the workers', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 3 * MIN_SLICE_BYTES }), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 9 }), (lengths, workerCount) => {
      const inputs = lengths.map((length) => 'x'.repeat(length));
      const slices = planSlices(inputs, workerCount);
      assert.ok(slices.length <= Math.max(1, workerCount));
      let start = 0;
      for (const slice of slices) {
        assert.equal(slice.start, start);
        assert.ok(slice.end > slice.start || inputs.length === 0);
        start = slice.end;
      }
      assert.equal(start, inputs.length);
    }),
  );
});
