import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  countBytes,
  leadingBytes,
  missingParts,
  withRange,
  type ByteRange,
} from '../../../src/download/byte-ranges.ts';

const SIZE = 60;
const anyRange = fc
  .tuple(fc.nat(SIZE), fc.nat(SIZE))
  .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const bytesOf = (ranges: readonly ByteRange[]): Set<number> =>
  new Set(ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)));

test('added ranges hold each byte once, in order, with gaps between', () => {
  fc.assert(
    fc.property(fc.array(anyRange), (added) => {
      const ranges = added.reduce<ByteRange[]>(withRange, []);
      assert.deepEqual(
        [...bytesOf(ranges)],
        [...bytesOf(added)].sort((a, b) => a - b),
      );
      assert.equal(countBytes(ranges), bytesOf(added).size);
      assert.ok(ranges.every(({ start }, i) => i === 0 || start > (ranges[i - 1]?.end ?? 0)));
    }),
  );
});

test('missing parts are the rest, none larger than asked for', () => {
  fc.assert(
    fc.property(fc.array(anyRange), fc.integer({ min: 1, max: SIZE }), (added, partBytes) => {
      const ranges = added.reduce<ByteRange[]>(withRange, []);
      const parts = missingParts(ranges, SIZE, partBytes);
      assert.equal(countBytes(parts) + countBytes(ranges), SIZE);
      assert.equal(bytesOf([...parts, ...ranges]).size, SIZE);
      assert.ok(parts.every(({ start, end }) => end > start && end - start <= partBytes));
    }),
  );
});

test('leading bytes end at the first gap', () => {
  assert.equal(
    leadingBytes([
      { start: 0, end: 5 },
      { start: 6, end: 9 },
    ]),
    5,
  );
  assert.equal(leadingBytes([{ start: 1, end: 5 }]), 0);
});
