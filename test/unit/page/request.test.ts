import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_TEXTS, parseTexts, problemOf, readingsOf } from '../../../src/page/request.ts';

test('texts are lines, without blanks around them and without blank lines', () => {
  assert.deepEqual(parseTexts('  a b \n\n\t\nc\r\n'), ['a b', 'c']);
});

test('queries stand against documents, plain texts against themselves', () => {
  const base = { texts: ['a', 'b'], instruction: 'find' };
  assert.deepEqual(readingsOf({ ...base, rowKind: 'plain' }), { rows: {}, columns: null });
  const columns = { input_type: 'document' };
  assert.deepEqual(readingsOf({ ...base, rowKind: 'query' }), { rows: { input_type: 'query' }, columns });
  assert.deepEqual(readingsOf({ ...base, rowKind: 'instruction' }), {
    rows: { instruction: 'find' },
    columns,
  });
});

test('what cannot be asked is told', () => {
  const texts = Array.from({ length: MOST_TEXTS }, String);
  const base = { texts, rowKind: 'instruction', instruction: 'find' } as const;
  assert.equal(problemOf(base), null);
  assert.match(problemOf({ ...base, instruction: ' ' }) ?? '', /Write the instruction/);
  assert.match(problemOf({ ...base, texts: ['a'] }) ?? '', /at least two/);
  assert.match(problemOf({ ...base, texts: [...texts, 'x'] }) ?? '', /65 texts/);
});
