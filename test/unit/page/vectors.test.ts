import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, compare, cut, rangeOf, rankOthers, stepsUpTo } from '../../../src/page/vectors.ts';

const vector = (...values: number[]) => Float32Array.from(values);

test('a cut vector is its beginning, of length 1', () => {
  assert.deepEqual([...cut(vector(3, 4, 12), 2)], [...vector(0.6, 0.8)]);
  assert.deepEqual([...cut(vector(0, 0, 1), 2)], [0, 0]);
});

test('rows are compared with columns by their cosine', () => {
  const [row] = compare([vector(2, 0)], [vector(1, 0), vector(0, 5), vector(-3, 0)], 2);
  assert.deepEqual(row, [1, 0, -1]);
});

test('the other texts are ranked by similarity, equals in their order', () => {
  assert.deepEqual(rankOthers([0.5, 1, 0.7, 0.5], 1), [2, 0, 3]);
});

test('equal rankings agree wholly', () => {
  const matrix = [
    [1, 0.9, 0.1],
    [0.9, 1, 0.2],
    [0.1, 0.2, 1],
  ];
  assert.deepEqual(agree(matrix, matrix), { order: 1, sameNearest: 3 });
});

test('a ranking turned round agrees in no pair of its row', () => {
  const before = [
    [1, 0.9, 0.5, 0.1],
    [0.9, 1, 0.5, 0.1],
  ];
  const now = [
    [1, 0.1, 0.5, 0.9],
    [0.9, 1, 0.5, 0.1],
  ];
  assert.deepEqual(agree(now, before), { order: 0.5, sameNearest: 1 });
});

test('two texts have one ranking', () => {
  assert.deepEqual(
    agree(
      [
        [1, 0.2],
        [0.2, 1],
      ],
      [
        [1, 0.9],
        [0.9, 1],
      ],
    ),
    { order: 1, sameNearest: 2 },
  );
});

test('the range leaves out what a text is to itself', () => {
  assert.deepEqual(
    rangeOf([
      [1, 0.2],
      [0.4, 1],
    ]),
    { least: 0.2, greatest: 0.4 },
  );
});

test('lengths worth a look double from 32 up to all', () => {
  assert.deepEqual(stepsUpTo(256), [32, 64, 128, 256]);
  assert.deepEqual(stepsUpTo(100), [32, 64, 100]);
  assert.deepEqual(stepsUpTo(32), [32]);
  assert.deepEqual(stepsUpTo(8), [8]);
});
