import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitToBox, placeLabels } from '../../../src/page/map-layout.ts';

const BOX = { width: 200, height: 100, margin: 10 };

test('points fill the box at one scale for both axes, upwards up', () => {
  const places = fitToBox(
    [
      { x: 0, y: 0 },
      { x: 4, y: 1 },
    ],
    BOX,
  );
  assert.deepEqual(places, [
    { x: 10, y: 72.5 },
    { x: 190, y: 27.5 },
  ]);
});

test('points that are all one lie in the middle', () => {
  assert.deepEqual(
    fitToBox(
      [
        { x: 3, y: 3 },
        { x: 3, y: 3 },
      ],
      BOX,
    ),
    [
      { x: 100, y: 50 },
      { x: 100, y: 50 },
    ],
  );
});

test('a label stands right of its point, left of it at the right edge', () => {
  const places = [
    { x: 20, y: 20 },
    { x: 190, y: 80 },
  ];
  const labels = placeLabels(places, ['left one', 'right one'], { width: 200, first: [] });
  assert.deepEqual(
    labels.map((label) => label?.anchor),
    ['start', 'end'],
  );
});

test('of two labels in one place the one named first stays', () => {
  const places = [
    { x: 100, y: 50 },
    { x: 100, y: 55 },
  ];
  const long = 'a text that needs room';
  assert.deepEqual(
    placeLabels(places, [long, long], { width: 250, first: [1] }).map((label) => label === null),
    [true, false],
  );
});

test('long texts are cut', () => {
  const [label] = placeLabels([{ x: 20, y: 20 }], ['x'.repeat(99)], { width: 400, first: [] });
  assert.equal(label?.text, `${'x'.repeat(23)}…`);
});
