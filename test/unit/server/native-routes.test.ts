import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fakeVector } from '../../fixtures/fake-embedder.ts';
import { type ErrorBody, openServingServer } from './open-test-server.ts';

interface Encoded {
  embedding: number[];
  meta_info: { id: string; prompt_tokens: number; weight_version: string; e2e_latency: number };
}

async function openNative(t: TestContext) {
  const opened = await openServingServer(t, { settings: { weight_version: 'v7' } });
  const send = async (url: string, body: unknown, method: 'POST' | 'PUT' = 'POST') => {
    const headers = { 'content-type': 'application/json', 'x-request-id': 'r1' };
    const answer = await opened.server.app.inject({ method, url, headers, payload: JSON.stringify(body) });
    return { status: answer.statusCode, body: JSON.parse(answer.body) as unknown };
  };
  return { ...opened, send };
}

const messageOf = (answer: { body: unknown }) => (answer.body as ErrorBody).error.message;

test('/encode of one text is one object with its meta_info', async (t) => {
  const { send } = await openNative(t);
  for (const method of ['POST', 'PUT'] as const) {
    const { body } = await send('/encode', { text: 'hello' }, method);
    const { embedding, meta_info } = body as Encoded;
    assert.deepEqual(Float32Array.from(embedding), fakeVector('hello', 64));
    assert.ok(meta_info.e2e_latency > 0);
    assert.deepEqual(meta_info, {
      ...{ id: 'r1', finish_reason: null, prompt_tokens: 6, weight_version: 'v7', num_retractions: 0 },
      e2e_latency: meta_info.e2e_latency,
    });
  }
});

test('/encode of a list is a list, even of one, with ids of its own or of the sender', async (t) => {
  const { send } = await openNative(t);
  const idsOf = async (body: unknown) =>
    ((await send('/encode', body)).body as Encoded[]).map(({ meta_info }) => meta_info.id);
  assert.deepEqual(await idsOf({ text: ['a'] }), ['r1-0']);
  assert.deepEqual(await idsOf({ text: ['a', 'b'], rid: ['x', 'y'] }), ['x', 'y']);
  assert.deepEqual(await idsOf({ input_ids: [[1], [2, 3]] }), ['r1-0', 'r1-1']);
});

test('/encode takes a flat list of ids as one input, and dimensions', async (t) => {
  const { send } = await openNative(t);
  const { body } = await send('/encode', { input_ids: [1, 2], dimensions: 32 });
  assert.deepEqual(Float32Array.from((body as Encoded).embedding), fakeVector([1, 2], 64, 32));
});

for (const [title, body, message] of [
  ['neither text nor ids', {}, 'either text or input_ids is needed, not none'],
  ['both text and ids', { text: 'a', input_ids: [1] }, 'either text or input_ids is needed, not both'],
  ['a number as text', { text: 5 }, 'text must be a string or an array of strings, not of 5'],
  [
    'pairs for cross encoders',
    { text: [['a', 'b']] },
    'text must be a string or an array of strings, not of an array',
  ],
  [
    'texts as ids',
    { input_ids: ['a'] },
    'input_ids must be an array of token ids or of such arrays, not an array',
  ],
  ['an empty text', { text: '' }, 'input is empty'],
  ['a rid for each of other inputs', { text: ['a'], rid: ['x', 'y'] }, 'rid has 2 ids for 1 inputs'],
  ['a rid twice', { text: ['a', 'b'], rid: ['x', 'x'] }, 'rid has the same id twice'],
  ['a rid that is a number', { text: 'a', rid: 5 }, 'rid must be a string or an array of strings, not 5'],
  ['a rid that holds numbers', { text: ['a'], rid: [5] }, 'rid must hold strings only'],
  ['no object', [], 'the body must be a JSON object, not an array'],
] as const) {
  test(`/encode of ${title} is 400`, async (t) => {
    const { send } = await openNative(t);
    const answer = await send('/encode', body);
    assert.deepEqual([answer.status, messageOf(answer)], [400, message]);
  });
}

test('/tokenize of one text is one list, of several one each, with and without the end token', async (t) => {
  const { send } = await openNative(t);
  assert.deepEqual((await send('/tokenize', { prompt: 'ab' })).body, {
    ...{ tokens: [97, 98, 0], count: 3, max_model_len: 512 },
  });
  assert.deepEqual((await send('/v1/tokenize', { prompt: ['ab', ''], add_special_tokens: false })).body, {
    ...{ tokens: [[97, 98], []], count: [2, 0], max_model_len: 512 },
  });
});

test('/detokenize is the way back, special tokens left out unless wanted', async (t) => {
  const { send } = await openNative(t);
  assert.deepEqual((await send('/detokenize', { tokens: [104, 105, 0] })).body, { text: 'hi' });
  assert.deepEqual(
    (await send('/detokenize', { tokens: [[104], [105, 0]], skip_special_tokens: false })).body,
    {
      text: ['h', 'i\0'],
    },
  );
  assert.deepEqual((await send('/v1/detokenize', { tokens: [] })).body, { text: '' });
});

for (const [path, title, body, message] of [
  ['/tokenize', 'nothing', {}, 'prompt must be a string or an array of strings, not nothing'],
  ['/tokenize', 'a number', { prompt: ['a', 5] }, 'prompt must be a string or an array of strings, not 5'],
  [
    '/tokenize',
    'no switch',
    { prompt: 'a', add_special_tokens: 1 },
    'add_special_tokens must be true or false, not 1',
  ],
  ['/tokenize', 'no object', 'a', 'the body must be a JSON object, not "a"'],
  ['/detokenize', 'a text', { tokens: 'a' }, 'tokens must be an array of token ids, not "a"'],
  ['/detokenize', 'ids and lists', { tokens: [[1], 2] }, 'tokens must hold lists of token ids, not 2'],
  ['/detokenize', 'an id too large', { tokens: [1000] }, 'a token id is an integer from 0 to 999, not 1000'],
] as const) {
  test(`${path} of ${title} is 400`, async (t) => {
    const { send } = await openNative(t);
    const answer = await send(path, body);
    assert.deepEqual([answer.status, messageOf(answer)], [400, message]);
  });
}

test('more texts than a request may have are TOO_MANY_INPUTS on every route', async (t) => {
  const { send } = await openNative(t);
  const many = new Array<string>(2049).fill('a');
  for (const [path, body] of [
    ['/encode', { text: many }],
    ['/tokenize', { prompt: many }],
    ['/detokenize', { tokens: many.map(() => [1]) }],
  ] as const) {
    assert.equal(((await send(path, body)).body as ErrorBody).error.code, 'too_many_inputs');
  }
});

for (const [path, task] of [
  ['/v1/rerank', 'rerank'],
  ['/score', 'score'],
  ['/classify', 'classify'],
  ['/v1/chat/completions', 'generate text'],
  ['/generate', 'generate text'],
] as const) {
  test(`POST ${path} is refused in words, before its body is read`, async (t) => {
    const { server } = await openServingServer(t);
    const answer = await server.app.inject({ method: 'POST', url: path, payload: 'x'.repeat(100) });
    const { error } = JSON.parse(answer.body) as ErrorBody;
    assert.deepEqual([answer.statusCode, error.code], [400, 'task_unsupported']);
    assert.equal(error.message, `this server embeds texts, it does not ${task}`);
  });
}
