import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddedTokens } from '../../../src/engine/added-tokens.ts';

const splitOf = (tokens: Record<string, number>, normalised: number[] = []) => {
  const added = new AddedTokens(new Map(Object.entries(tokens)), new Set(normalised));
  return (text: string) => [...added.split(text)].filter((piece) => piece !== '');
};

test('added tokens are matched leftmost, then longest', () => {
  const split = splitOf({ '<a>': 1, '<a><b>': 2, '<|x|>': 3 });
  assert.deepEqual(split('1<a><b>2<|x|><a>3'), ['1', 2, '2', 3, 1, '3']);
});

test('a token is found as it stands, though normalisation would change the text', () => {
  const split = splitOf({ '<a>': 1, 'e\u0301': 2 });
  assert.deepEqual(split('<a>\u0338 e\u0301 \u00e9'), [1, '\u0338 ', 2, ' \u00e9']);
});

test('a token that was added as a word is found in normalised text, and in nothing else', () => {
  const split = splitOf({ '<a>': 1, 'e\u0301': 2, K: 3 }, [1, 2, 3]);
  assert.deepEqual(split('<a>\u0338 e\u0301 \u00e9 \u212a'), ['\u003ca\u226f ', 2, ' ', 2, ' ', 3]);
});

test('tokens that are found as they stand go first, wherever they are', () => {
  assert.deepEqual(splitOf({ 'ab c': 1, 'b c': 2 }, [1])('ab cd'), ['a', 2, 'd']);
});

test('a token of no letters is in no text', () => {
  assert.deepEqual(splitOf({ '': 1 })('ab'), ['ab']);
});

test('a token that holds a place where texts are cut says so', () => {
  const mayCut = (content: string, normalised: number[]) =>
    new AddedTokens(new Map([[content, 1]]), new Set(normalised)).mayCut;
  assert.equal(mayCut('<a>', []), true);
  assert.equal(mayCut('new york', []), false);
  assert.equal(mayCut('new \u212aork', [1]), false);
});
