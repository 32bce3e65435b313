import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeDetokeniseRequest, decodeTokeniseRequest } from '../../../src/worker/question-messages.ts';

test('a request for token ids reads back, lone surrogates included', () => {
  const request = { texts: ['', 'a\ud800b', '日本'], special: false };
  assert.deepEqual(decodeTokeniseRequest(JSON.stringify(request)), request);
});

test('a request for texts reads back', () => {
  const request = { idLists: [[], [0, 151_643]], special: true };
  assert.deepEqual(decodeDetokeniseRequest(JSON.stringify(request)), request);
});

for (const [title, value] of [
  ['no object', []],
  ['without its switch', { texts: [], idLists: [] }],
  ['without a list', { special: true }],
  ['with other items', { texts: [1], idLists: ['a'], special: true }],
  ['with numbers that are no ids', { texts: [null], idLists: [[1e99]], special: true }],
] as const) {
  test(`a request ${title} is WIRE_MALFORMED`, () => {
    const body = JSON.stringify(value);
    assert.throws(() => decodeTokeniseRequest(body), { code: 'WIRE_MALFORMED' });
    assert.throws(() => decodeDetokeniseRequest(body), { code: 'WIRE_MALFORMED' });
  });
}
