import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planChunks, TextQueue } from '../../../src/engine/batcher.ts';

interface Text {
  name: string;
  cost: number;
  isWanted: boolean;
  isDropped: boolean;
  priority: number;
  drop(): void;
}
const text = (name: string, cost: number, priority = 0): Text => ({
  name,
  cost,
  priority,
  isWanted: true,
  isDropped: false,
  drop() {
    this.isDropped = true;
  },
});
const names = (batch: readonly Text[]): string => batch.map(({ name }) => name).join(' ');

test('calls of the highest priority go first, and take turns among themselves', () => {
  const queue = new TextQueue<Text>();
  queue.add([text('bulk1', 1), text('bulk2', 1)]);
  queue.add([text('a1', 1, 5), text('a2', 1, 5)]);
  queue.add([text('b1', 1, 5)]);
  queue.add([text('c1', 1, 9)]);
  assert.equal(names(queue.take({ tokens: 3, sequences: 9 })), 'c1 a1 b1');
  assert.equal(names(queue.take({ tokens: 9, sequences: 9 })), 'a2 bulk1 bulk2');
});

test('a call that comes is in the next batch, though others came in many parts', () => {
  const queue = new TextQueue<Text>();
  const bulk = {};
  for (let part = 0; part < 9; part++) queue.add([text(`a${String(part)}`, 1), text('x', 1)], bulk);
  queue.add([text('b', 1), text('c', 1)]);
  assert.equal(names(queue.take({ tokens: 2, sequences: 9 })), 'a0 b');
  queue.add([text('query', 1)]);
  assert.equal(names(queue.take({ tokens: 2, sequences: 9 })), 'query x');
});

test('calls take turns, one text each', () => {
  const queue = new TextQueue<Text>();
  queue.add([text('a1', 1), text('a2', 1), text('a3', 1)]);
  queue.add([text('b1', 1)]);
  assert.equal(names(queue.take({ tokens: 3, sequences: 9 })), 'a1 b1 a2');
  assert.equal(names(queue.take({ tokens: 3, sequences: 9 })), 'a3');
  assert.equal(queue.isEmpty, true);
});

test('a text that is larger than a batch may be goes alone when its turn comes', () => {
  const queue = new TextQueue<Text>();
  queue.add([text('small', 1)]);
  queue.add([text('giant', 20)]);
  queue.add([text('tiny', 1)]);
  assert.equal(names(queue.take({ tokens: 10, sequences: 9 })), 'small tiny');
  queue.add([text('next', 1)]);
  assert.equal(names(queue.take({ tokens: 10, sequences: 9 })), 'giant');
  assert.equal(names(queue.take({ tokens: 10, sequences: 9 })), 'next');
});

test('a call whose next text does not fit keeps its turn for the next batch', () => {
  const queue = new TextQueue<Text>();
  queue.add([text('small', 2)]);
  queue.add([text('large', 9)]);
  queue.add([text('tiny', 1)]);
  assert.equal(names(queue.take({ tokens: 10, sequences: 9 })), 'small tiny');
  assert.equal(names(queue.take({ tokens: 10, sequences: 9 })), 'large');
});

test('tells whether so many tokens wait, of texts that were not taken', () => {
  const queue = new TextQueue<Text>();
  assert.equal(queue.holds(1), false);
  queue.add([text('a1', 5), text('a2', 4)]);
  queue.add([text('b1', 3)]);
  assert.deepEqual([queue.holds(12), queue.holds(13)], [true, false]);
  queue.take({ tokens: 8, sequences: 9 });
  assert.deepEqual([queue.holds(4), queue.holds(5)], [true, false]);
});

test('a batch has at most as many texts as there are sequences', () => {
  const queue = new TextQueue<Text>();
  queue.add([text('a', 1), text('b', 1), text('c', 1)]);
  assert.equal(names(queue.take({ tokens: 100, sequences: 2 })), 'a b');
});

test('a text that nobody wants any more is dropped and told so, wherever it waits', () => {
  const queue = new TextQueue<Text>();
  const gone = [text('a1', 1), text('a2', 1)];
  queue.add(gone);
  queue.add([text('b1', 1)]);
  for (const each of gone) each.isWanted = false;
  assert.equal(names(queue.take({ tokens: 10, sequences: 9 })), 'b1');
  assert.equal(queue.isEmpty, true);
  assert.ok(gone.every(({ isDropped }) => isDropped));
});

test('every text comes out once and no batch exceeds its limits, whatever comes in', () => {
  const lengths = fc.array(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }), {
    maxLength: 10,
  });
  fc.assert(
    fc.property(
      lengths,
      fc.integer({ min: 50, max: 200 }),
      fc.integer({ min: 1, max: 8 }),
      (calls, tokens, sequences) => {
        const queue = new TextQueue<Text>();
        const all = calls.map((texts, i) =>
          texts.map((length, j) => text(`${String(i)}.${String(j)}`, length)),
        );
        for (const texts of all) queue.add(texts);
        const seen: string[] = [];
        while (!queue.isEmpty) {
          const batch = queue.take({ tokens, sequences });
          assert.ok(batch.length > 0 && batch.length <= sequences);
          assert.ok(batch.reduce((sum, { cost }) => sum + cost, 0) <= tokens);
          seen.push(...batch.map(({ name }) => name));
        }
        assert.deepEqual(
          seen.sort(),
          all
            .flat()
            .map(({ name }) => name)
            .sort(),
        );
      },
    ),
  );
});

test('chunks of a long text are as few and as equal as can be', () => {
  assert.deepEqual(planChunks(300, 256), [150, 150]);
  assert.deepEqual(planChunks(1000, 256), [250, 250, 250, 250]);
  assert.deepEqual(planChunks(513, 256), [171, 171, 171]);
});
