// Reading answers of several servers' shapes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cosine,
  countEmbeddings,
  isUnitLength,
  parseVectors,
  readModelIds,
  readPromptTokens,
  readRefusal,
} from '../../../src/client/answer.ts';

const base64 = (values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');
const item = (index: number, embedding: unknown) => ({ object: 'embedding', index, embedding });
const usage = { prompt_tokens: 7, total_tokens: 7 };
const vector = Array.from({ length: 300 }, () => 0.25);

const SHAPES = {
  'usage last, compact': JSON.stringify({
    object: 'list',
    data: [item(0, base64(vector)), item(1, 'AAAA')],
    usage,
  }),
  'usage first, floats': JSON.stringify({ usage, data: [item(0, vector), item(1, vector)], model: 'm' }),
  'with line breaks': JSON.stringify({ data: [item(0, vector), item(1, vector)], usage }, null, 2),
};
for (const [name, text] of Object.entries(SHAPES)) {
  test(`embeddings and tokens are counted: ${name}`, () => {
    assert.equal(countEmbeddings(Buffer.from(text)), 2);
    assert.equal(readPromptTokens(Buffer.from(text)), 7);
  });
}

test('a server that does not count tokens is no fault', () => {
  assert.equal(readPromptTokens(Buffer.from(JSON.stringify({ data: [item(0, vector)] }))), null);
});

test('vectors are read from base64 and from floats', () => {
  const body = Buffer.from(JSON.stringify({ data: [item(0, base64([0.5, -2])), item(1, [0.5, -2])] }));
  assert.deepEqual(parseVectors(body), [Float32Array.of(0.5, -2), Float32Array.of(0.5, -2)]);
});

for (const text of ['<html>', '[]', '{}', '{"data":{}}', '{"data":[{}]}', '{"data":[null]}', 'null']) {
  test(`${text} holds no vectors`, () => {
    assert.equal(parseVectors(Buffer.from(text)), null);
  });
}

test('unit length is told from other lengths, zeros and values that are not finite', () => {
  assert.ok(isUnitLength(Float32Array.of(0.6, 0.8)));
  for (const values of [[0.6, 0.9], [0, 0], [], [NaN, 1], [Infinity]]) {
    assert.equal(isUnitLength(Float32Array.from(values)), false, String(values));
  }
  // JSON has no NaN; servers in Python and C++ write null.
  const [broken] = parseVectors(Buffer.from('{"data":[{"embedding":[null,1]}]}')) ?? [];
  assert.ok(broken !== undefined && !isUnitLength(broken));
});

test('cosine compares directions and refuses other dimensions', () => {
  assert.equal(cosine(Float32Array.of(1, 0), Float32Array.of(2, 0)), 1);
  assert.equal(cosine(Float32Array.of(1, 0), Float32Array.of(0, 3)), 0);
  assert.equal(cosine(Float32Array.of(1), Float32Array.of(1, 0)), null);
});

test('refusals are read as OpenAI, llama-server, TEI and FastAPI write them', () => {
  const cases: [unknown, string | null, string | null][] = [
    [{ error: { code: 'overloaded', type: 'server_error', message: 'busy' } }, 'overloaded', 'busy'],
    [{ error: { code: 400, type: 'invalid_request_error', message: 'no' } }, 'invalid_request_error', 'no'],
    [{ error: 'too long', error_type: 'Validation' }, 'Validation', 'too long'],
    [{ detail: 'Not Found' }, null, 'Not Found'],
  ];
  for (const [body, code, message] of cases) {
    assert.deepEqual(readRefusal(JSON.stringify(body)), { code, message });
  }
  assert.deepEqual(readRefusal('<html>'), { code: null, message: null });
});

test('model names are read from a list of models', () => {
  assert.deepEqual(readModelIds('{"data":[{"id":"a"},{},{"id":"b"}]}'), ['a', 'b']);
  assert.deepEqual(readModelIds('Not Found'), []);
});
