import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeType, fieldsOf, type Schema } from '../../../src/page/schema-text.ts';

const CASES: [Schema, string][] = [
  [{ type: 'string' }, 'string'],
  [{ type: ['string', 'null'] }, 'string'],
  [{ enum: ['float', 'base64', null] }, '"float", "base64"'],
  [{ const: 'list' }, '"list"'],
  [{ type: 'integer', minimum: 0 }, 'integer'],
  [{ type: ['integer', 'null'], minimum: 32 }, 'integer from 32'],
  [{ type: 'integer', minimum: 1, maximum: 9 }, 'integer from 1 to 9'],
  [{ type: 'string', contentEncoding: 'base64' }, 'base64 string'],
  [{ type: 'array', items: { type: 'string' }, maxItems: 2048 }, 'list of string (2,048 at most)'],
  [{ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'number' } }] }, 'string or list of number'],
  [{ type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] }, 'object'],
  [{}, ''],
];

for (const [schema, text] of CASES)
  test(`${JSON.stringify(schema)} is told as: ${text}`, () => {
    assert.equal(describeType(schema), text);
  });

test('the fields of a list are those of its objects', () => {
  const schema = { type: 'array', items: { properties: { a: { type: 'string' }, b: {} }, required: ['b'] } };
  assert.deepEqual(
    fieldsOf(schema).map(({ name, isRequired }) => [name, isRequired]),
    [
      ['a', false],
      ['b', true],
    ],
  );
});
