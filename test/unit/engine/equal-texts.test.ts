import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyProfile } from '../../../src/embedder.ts';
import { Call } from '../../../src/engine/call.ts';
import { EqualTexts, keyOf } from '../../../src/engine/equal-texts.ts';
import { Work, type Waiter } from '../../../src/engine/work.ts';

const waiterOf = (call: Call): Waiter => ({ call, index: 0 });
const newCall = (): Call => new Call(1, 2);
const TOKENS = Int32Array.of(7, 1);

/** A text of priority 0 that is in flight under the key `k`. */
function open(cachedVectors = 0) {
  const texts = new EqualTexts(emptyProfile(), cachedVectors);
  const first = newCall();
  const work = new Work({ tokens: TOKENS, isCut: false, priority: 0 }, waiterOf(first), null);
  texts.add('k', work);
  return { texts, work, first };
}

test('an equal text joins the one in flight, and both have its vector', async () => {
  const { texts, work, first } = open();
  const second = newCall();
  assert.ok(texts.join('k', waiterOf(second), 0));
  work.finish(Float32Array.of(3, 4));
  for (const call of [first, second])
    assert.deepEqual([...(await call.done).vectors], [...Float32Array.of(0.6, 0.8)]);
});

test('an equal text of a higher priority does not wait for one of a lower', () => {
  const { texts } = open();
  assert.equal(texts.join('k', waiterOf(newCall()), 1), false);
  assert.equal(texts.join('k', waiterOf(newCall()), -1), true);
});

test('nothing joins a text that nobody waits for any more, or that has ended', async () => {
  const { texts, work, first } = open();
  first.fail(new Error('cancelled'));
  await assert.rejects(first.done);
  assert.equal(texts.join('k', waiterOf(newCall()), 0), false);
  work.finish(Float32Array.of(3, 4));
  assert.equal(texts.join('k', waiterOf(newCall()), 0), false);
});

test('a finished vector is kept until it is forgotten, one that is not finite never', async () => {
  const { texts, work } = open(8);
  work.finish(Float32Array.of(3, 4));
  const later = newCall();
  assert.ok(texts.join('k', waiterOf(later), 9));
  assert.deepEqual([...(await later.done).vectors], [...Float32Array.of(0.6, 0.8)]);
  texts.forget();
  assert.equal(texts.join('k', waiterOf(newCall()), 0), false);
  const broken = open(8);
  broken.work.finish(Float32Array.of(NaN, 4));
  await assert.rejects(broken.first.done, { code: 'VECTOR_NOT_FINITE' });
  assert.equal(broken.texts.join('k', waiterOf(newCall()), 0), false);
});

test('texts, ids and ways with long texts never share a key, and long ones have a short one', () => {
  const long = 'x'.repeat(10_000);
  const cut = { way: 'cut', tokens: 9, side: 'right' } as const;
  const keys = [
    ...[keyOf('1,2', null), keyOf([1, 2], null), keyOf([12], null), keyOf('1,2', cut)],
    ...[keyOf(long, null), keyOf(`${long}x`, null), keyOf(long, cut)],
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(keys.every((key) => key.length <= 256));
});
