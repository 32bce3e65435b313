import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrefixStore } from '../../../src/engine/prefixes.ts';

const INSTRUCTION = Array.from({ length: 20 }, (_, i) => 1000 + i);
const END = 151643;
/** An instructed text: the instruction, some tokens of its own, the end token. */
const instructed = (seed: number, instruction = INSTRUCTION) =>
  Int32Array.of(...instruction, seed, seed + 1, END);

let seed = 0;

/** Assigns `count` new instructed texts and returns the length of the last one's prefix. */
function teach(store: PrefixStore, count: number, instruction = INSTRUCTION): number {
  let length = 0;
  for (let i = 0; i < count; i++)
    length = store.assign(instructed((seed += 7), instruction))?.tokens.length ?? 0;
  return length;
}

test('a beginning that texts share often enough becomes a prefix', () => {
  const store = new PrefixStore({ tokens: 100, count: 4 });
  assert.equal(teach(store, 3), 0);
  assert.equal(teach(store, 1), 20);
  assert.equal(store.tokens, 20);
});

test('a prefix never takes the last token of a text', () => {
  const store = new PrefixStore({ tokens: 100, count: 4 });
  const text = Int32Array.of(...INSTRUCTION, END);
  for (let i = 0; i < 9; i++) assert.ok((store.assign(text.slice())?.tokens.length ?? 0) < text.length);
});

test('beginnings shorter than eight tokens are not worth it', () => {
  const store = new PrefixStore({ tokens: 100, count: 4 });
  assert.equal(teach(store, 50, INSTRUCTION.slice(0, 7)), 0);
});

test('two instructions that alternate both become prefixes', () => {
  const store = new PrefixStore({ tokens: 100, count: 4 });
  const other = INSTRUCTION.map((id) => id + 500);
  for (let i = 0; i < 8; i++) teach(store, 1, i % 2 === 0 ? INSTRUCTION : other);
  assert.equal(store.tokens, 40);
});

test('the least recently used prefix makes room and says that it is gone', () => {
  const store = new PrefixStore({ tokens: 45, count: 4 });
  teach(store, 5);
  const first = store.assign(instructed(90));
  const others = [1, 2].map((n) => INSTRUCTION.map((id) => id + 500 * n));
  for (const other of others) teach(store, 5, other);
  assert.equal(first?.live, false);
  assert.equal(store.tokens, 40);
});

test('with no room for prefixes nothing is shared', () => {
  const store = new PrefixStore({ tokens: 0, count: 4 });
  assert.equal(teach(store, 20), 0);
});

test('clearing drops every prefix and what was learnt on the way to the next', () => {
  const store = new PrefixStore({ tokens: 100, count: 4 });
  teach(store, 4);
  const prefix = store.assign(instructed((seed += 7)));
  store.clear();
  assert.deepEqual([prefix?.live, store.tokens], [false, 0]);
  assert.equal(teach(store, 3), 0);
  assert.equal(teach(store, 1), 20);
});
