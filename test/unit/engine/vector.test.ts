import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutAndNormalise } from '../../../src/engine/vector.ts';

test('a vector is cut first and normalised then', () => {
  const target = new Float32Array(2);
  assert.equal(cutAndNormalise(Float32Array.of(3, 4, 100), target), true);
  assert.deepEqual([...target], [Math.fround(0.6), Math.fround(0.8)]);
});

for (const [what, values] of Object.entries({
  NaN: [1, NaN],
  infinity: [Infinity, 1],
  'nothing but zeros': [0, 0],
})) {
  test(`${what} is no vector`, () => {
    assert.equal(cutAndNormalise(Float32Array.from(values), new Float32Array(2)), false);
  });
}
