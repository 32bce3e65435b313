import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextQueue } from '../../../src/engine/batcher.ts';
import { RANKERS, type SchedulePolicy } from '../../../src/engine/schedule-policy.ts';

interface Text {
  name: string;
  tokens: { length: number };
  cost: number;
  prefix: object | null;
  queuedAtMs: number;
  priority: number;
  isWanted: boolean;
  drop(): void;
}

const [LONG, SHORT] = [{ length: 8 }, { length: 4 }];

const text = (name: string, length: number, prefix: { length: number } | null = null): Text => ({
  name,
  tokens: { length },
  cost: length - (prefix?.length ?? 0),
  prefix,
  queuedAtMs: performance.now(),
  priority: 0,
  isWanted: true,
  drop: () => undefined,
});

/** Texts, each of a call of its own, in the order in which they are taken one by one; the first of all came first. */
function orderOf(policy: SchedulePolicy, texts: readonly Text[]): string {
  const rankOf = RANKERS[policy]?.(texts);
  if (rankOf === undefined) return 'as they came';
  const ranks = new Map(texts.map((one) => [one, rankOf(one)]));
  return [...texts]
    .sort((a, b) => (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0))
    .map(({ name }) => name)
    .join(' ');
}

const CASES = [
  ['lpm', 'the longest kept beginning first', 'd e b c f a'],
  ['lof', 'the longest text first', 'c e b d f a'],
  ['shortest-prefill-first', 'the fewest tokens to compute first', 'd a b f e c'],
  [
    'dfs-weight',
    'texts of the most common beginning together, then the next, then the others',
    'b c f d e a',
  ],
] as const;

for (const [policy, does, order] of CASES)
  test(`${policy} takes ${does}`, () => {
    const texts = [
      ...[text('a', 2), text('b', 9, SHORT), text('c', 20, SHORT)],
      ...[text('d', 9, LONG), text('e', 15, LONG), text('f', 9, SHORT)],
    ];
    assert.equal(orderOf(policy, texts), order);
  });

test('hrrn takes short texts first, and long ones when they have waited in proportion', () => {
  const [long, short] = [text('long', 100), text('short', 10)];
  long.queuedAtMs -= 500;
  short.queuedAtMs -= 100;
  assert.equal(orderOf('hrrn', [long, short]), 'short long');
  long.queuedAtMs -= 1500;
  assert.equal(orderOf('hrrn', [long, short]), 'long short');
});

test('random takes texts by chance', (t) => {
  const draws = [0.2, 0.9, 0.5];
  t.mock.method(Math, 'random', () => draws.shift() ?? 0);
  assert.equal(orderOf('random', [text('a', 1), text('b', 1), text('c', 1)]), 'b c a');
});

const POLICIES = Object.keys(RANKERS) as SchedulePolicy[];
const LIMITS = { tokens: 20, sequences: 4 };
const anyText = fc.integer({ min: 1, max: 12 }).map((length) => text('bulk', length));

for (const policy of POLICIES) {
  test(`under ${policy} a single query beside large requests is in one of the next two batches`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyText, { minLength: 20, maxLength: 40 }), { maxLength: 3 }),
        (calls) => {
          const queue = new TextQueue<Text>(RANKERS[policy]);
          for (const texts of calls) queue.add(texts);
          queue.take(LIMITS);
          const query = text('query', 6);
          queue.add([query]);
          assert.ok([...queue.take(LIMITS), ...queue.take(LIMITS)].includes(query));
        },
      ),
    );
  });

  test(`under ${policy} no text waits for good, however many come behind it`, () => {
    const queue = new TextQueue<Text>(RANKERS[policy]);
    const least = text('least', 5);
    const come = () => {
      for (const other of [text('long', 20), text('short', 1), text('shared', 12, LONG)]) queue.add([other]);
    };
    come();
    queue.add([least]);
    // Three came before it, and every other batch is theirs.
    const batches = Array.from({ length: 8 }, () => {
      come();
      return queue.take({ tokens: 20, sequences: 1 });
    });
    assert.ok(batches.flat().includes(least));
  });

  test(`under ${policy} every text is taken once`, () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyText, { maxLength: 9 }), { maxLength: 9 }), (calls) => {
        const queue = new TextQueue<Text>(RANKERS[policy]);
        const sent = calls.map((texts) => texts.map((one) => ({ ...one })));
        for (const texts of sent) queue.add(texts);
        const taken: Text[] = [];
        while (!queue.isEmpty) taken.push(...queue.take(LIMITS));
        assert.deepEqual(new Set(taken), new Set(sent.flat()));
        assert.equal(taken.length, sent.flat().length);
      }),
    );
  });
}

test('a policy orders texts within a request and requests among each other; the next batch begins with the oldest', () => {
  const queue = new TextQueue<Text>(RANKERS.lof);
  queue.add([text('a1', 1), text('a9', 9)]);
  for (const length of [2, 5, 3, 4]) queue.add([text(`b${String(length)}`, length)]);
  const take = () => queue.take({ tokens: 99, sequences: 2 }).map(({ name }) => name);
  assert.deepEqual(
    [take(), take(), take()],
    [
      ['a9', 'b5'],
      ['b2', 'b4'],
      ['b3', 'a1'],
    ],
  );
});
