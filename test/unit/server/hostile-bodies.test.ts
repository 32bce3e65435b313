import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorBody, type InjectedAnswer, openServingServer } from './open-test-server.ts';

const endOf = ({ statusCode, body }: InjectedAnswer) => [
  statusCode,
  (JSON.parse(body) as ErrorBody).error.code,
];
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

for (const [what, body, code] of [
  ['2,048 empty strings', JSON.stringify({ input: Array(2048).fill('') }), 'input_empty'],
  ['NaN among ids', '{"input": [1, NaN]}', 'invalid_request'],
  ['an id of 1e999', '{"input": [1, 1e999]}', 'invalid_request'],
  ['an id beyond the vocabulary', '{"input": [[999], [1000]]}', 'invalid_request'],
  ['an id of 2^63', '{"input": [9223372036854775808]}', 'invalid_request'],
  ['half an id', '{"input": [0.5]}', 'invalid_request'],
  ['lists within lists', `{"input": ${nested(50_000)}}`, 'invalid_request'],
  [
    'deep variables of a template',
    `{"messages": [{"role": "user", "content": "a"}], "chat_template_kwargs": {"a": ${nested(50_000)}}}`,
    'invalid_request',
  ],
  ['a million objects', `{"input": [${'{},'.repeat(1e6)}{}]}`, 'invalid_request'],
  ['a million fields', `{"input": "a"${',"b":0'.repeat(1e6)}}`, 'invalid_request'],
  ['one letter of ten megabytes', JSON.stringify({ input: 'a'.repeat(10e6) }), 'context_length_exceeded'],
] as const)
  test(`${what}: refused with 400`, async (t) => {
    const { post } = await openServingServer(t);
    assert.deepEqual(endOf(await post(body)), [400, code]);
  });

test('a million texts in one string of brackets are one text', async (t) => {
  const { post, embedder } = await openServingServer(t, {});
  const text = '[{"a": 1}]'.repeat(40_000);
  assert.equal((await post({ input: text, truncate: true })).statusCode, 200);
  assert.deepEqual(embedder.calls[0]?.inputs, [text]);
});

test('NUL and lone halves of surrogate pairs reach the embedder as they came', async (t) => {
  const { post, embedder } = await openServingServer(t);
  assert.equal((await post('{"input": ["a\\u0000b", "\\ud83d"]}')).statusCode, 200);
  assert.deepEqual(embedder.calls[0]?.inputs, ['a\0b', '\ud83d']);
});

test('a content type that no parser reads is 415 on a route without a body too', async (t) => {
  const { server } = await openServingServer(t);
  const headers = { 'content-type': 'a'.repeat(200) };
  const answer = await server.app.inject({ method: 'POST', url: '/flush_cache', headers, payload: '{}' });
  assert.deepEqual(endOf(answer), [415, 'media_type']);
});
