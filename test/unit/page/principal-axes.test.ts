import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectToPlane } from '../../../src/page/principal-axes.ts';

// Float32 components keep about seven digits.
const TOLERANCE = 1e-5;

const assertNear = (actual: readonly number[], expected: readonly number[]) => {
  assert.equal(actual.length, expected.length);
  for (const [index, value] of expected.entries())
    assert.ok(
      Math.abs((actual[index] ?? NaN) - value) < TOLERANCE,
      `${actual.join(' ')} for ${expected.join(' ')}`,
    );
};

/** The corners of a rectangle of 6 by 2, somewhere in five dimensions: along (1,1,1,1,0)/2 and (1,-1,1,-1,0)/2. */
const CORNERS = [
  [3, 1],
  [3, -1],
  [-3, 1],
  [-3, -1],
] as const;
const rectangle = CORNERS.map(([a, b]) =>
  Float32Array.from([7 + (a + b) / 2, (a - b) / 2, (a + b) / 2, (a - b) / 2, 5]),
);

test('a rectangle turned in five dimensions comes back as that rectangle', () => {
  const { points, shares } = projectToPlane(rectangle);
  assertNear(
    points.map(({ x }) => Math.abs(x)),
    [3, 3, 3, 3],
  );
  assertNear(
    points.map(({ y }) => Math.abs(y)),
    [1, 1, 1, 1],
  );
  assert.ok((points[0]?.x ?? 0) * (points[1]?.x ?? 0) > 0 && (points[0]?.x ?? 0) * (points[2]?.x ?? 0) < 0);
  assert.ok((points[0]?.y ?? 0) * (points[2]?.y ?? 0) > 0 && (points[0]?.y ?? 0) * (points[1]?.y ?? 0) < 0);
  assertNear(shares, [0.9, 0.1]);
});

test('points on a line have no second axis', () => {
  const { points, shares } = projectToPlane([0, 1, 5].map((step) => Float32Array.from([step, 2 * step, 0])));
  const root = Math.sqrt(5);
  assertNear(
    points.map(({ x }) => x),
    [-2 * root, -root, 3 * root],
  );
  assertNear(
    points.map(({ y }) => y),
    [0, 0, 0],
  );
  assertNear(shares, [1, 0]);
});

test('equal vectors lie all in the middle', () => {
  const { points, shares } = projectToPlane([1, 1, 1].map((value) => Float32Array.from([value, 0])));
  assertNear(
    points.flatMap(({ x, y }) => [x, y]),
    [0, 0, 0, 0, 0, 0],
  );
  assert.deepEqual(shares, [0, 0]);
});
