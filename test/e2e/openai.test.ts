// The `openai` package against a listening server, used as its README shows.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import OpenAI from 'openai';
import { Fault } from '../../src/faults.ts';
import { openServer, type ServerOptions } from '../../src/server/server.ts';
import { FakeEmbedder, fakeVector } from '../fixtures/fake-embedder.ts';

const MODEL_ID = 'Qwen/Qwen3-Embedding-0.6B';

async function openClient(t: TestContext, maxRetries = 0, options: Partial<ServerOptions> = {}) {
  const model = { id: MODEL_ID, createdUnixSeconds: 1_700_000_000 };
  const server = await openServer({ host: '127.0.0.1', port: 0, model, ...options });
  t.after(() => server.close({ graceMs: 0 }));
  const embedder = new FakeEmbedder();
  server.serve(embedder);
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries });
  return { server, embedder, client };
}

async function refusalOf(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await promise.then(
    () => assert.fail('the request was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpenAI.APIError);
  return error;
}

const float32 = (values: readonly number[] | undefined): Float32Array => Float32Array.from(values ?? []);

test('a string comes back as one vector, by the base64 that the client asks for on its own', async (t) => {
  const { client } = await openClient(t);
  const answer = await client.embeddings.create({ model: MODEL_ID, input: 'The food was delicious' });
  assert.equal(answer.data.length, 1);
  assert.deepEqual(float32(answer.data[0]?.embedding), fakeVector('The food was delicious', 64));
  assert.deepEqual(answer.usage, { prompt_tokens: 23, total_tokens: 23 });
  assert.equal(answer.model, MODEL_ID);
});

test('floats are the same vectors as base64', async (t) => {
  const { client } = await openClient(t);
  const input = ['one', 'two', 'three'];
  const floats = await client.embeddings.create({ model: MODEL_ID, input, encoding_format: 'float' });
  const packed = await client.embeddings.create({ model: MODEL_ID, input });
  for (const [index, { embedding }] of floats.data.entries()) {
    assert.deepEqual(float32(embedding), float32(packed.data[index]?.embedding));
  }
});

test('base64 that the caller asks for comes untouched', async (t) => {
  const { client } = await openClient(t);
  const answer = await client.embeddings.create({ model: MODEL_ID, input: 'a', encoding_format: 'base64' });
  const bytes = new Uint8Array(Buffer.from(answer.data[0]?.embedding as unknown as string, 'base64'));
  assert.deepEqual(new Float32Array(bytes.buffer), fakeVector('a', 64));
});

test('an array of strings comes back in order with its indexes', async (t) => {
  const { client } = await openClient(t);
  const input = Array.from({ length: 2048 }, (_, i) => `text ${String(i)}`);
  const { data } = await client.embeddings.create({ model: MODEL_ID, input });
  assert.equal(data.length, 2048);
  for (const [position, { index, embedding }] of data.entries()) {
    assert.equal(index, position);
    assert.deepEqual(float32(embedding), fakeVector(input[position] ?? '', 64));
  }
});

test('a flat array of ids is one input, an array of arrays several', async (t) => {
  const { client } = await openClient(t);
  const one = await client.embeddings.create({ model: MODEL_ID, input: [1, 2, 3] });
  const several = await client.embeddings.create({ model: MODEL_ID, input: [[1, 2, 3], [4]] });
  assert.equal(one.data.length, 1);
  assert.equal(several.data.length, 2);
  assert.deepEqual(several.data[0]?.embedding, one.data[0]?.embedding);
});

test('dimensions sets the length of the vectors', async (t) => {
  const { client } = await openClient(t);
  const { data } = await client.embeddings.create({ model: MODEL_ID, input: 'a', dimensions: 32 });
  assert.deepEqual(float32(data[0]?.embedding), fakeVector('a', 64, 32));
});

test('models.list and models.retrieve find the model', async (t) => {
  const { client } = await openClient(t);
  const listed = [];
  for await (const model of client.models.list()) listed.push(model.id);
  assert.deepEqual(listed, [MODEL_ID]);
  const model = await client.models.retrieve(MODEL_ID);
  assert.deepEqual([model.id, model.object, model.created], [MODEL_ID, 'model', 1_700_000_000]);
});

test('an unknown model is a NotFoundError with its code', async (t) => {
  const { client } = await openClient(t);
  const error = await refusalOf(client.models.retrieve('gpt-4o'));
  assert.ok(error instanceof OpenAI.NotFoundError);
  assert.deepEqual([error.status, error.code, error.param], [404, 'model_not_found', 'model']);
});

test('a bad request is a BadRequestError with message, type, param and code', async (t) => {
  const { client, embedder } = await openClient(t, 2);
  const error = await refusalOf(client.embeddings.create({ model: MODEL_ID, input: 'a', dimensions: 5000 }));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.message, '400 dimensions must be an integer from 32 to 64, not 5000');
  assert.deepEqual(
    [error.type, error.param, error.code],
    ['invalid_request_error', 'dimensions', 'invalid_request'],
  );
  assert.equal(embedder.calls.length, 0);
});

for (const [what, fault, Class, code] of [
  [
    'a full queue',
    new Fault('OVERLOADED', { what: 'requests wait', count: 9, limit: 8 }),
    OpenAI.RateLimitError,
    'overloaded',
  ],
  [
    'a text that is too long',
    new Fault('INPUT_TOO_LONG', { index: 0, tokens: 9, limit: 8 }),
    OpenAI.BadRequestError,
    'context_length_exceeded',
  ],
  ['a crash', new Fault('BUG', { problem: 'x' }), OpenAI.InternalServerError, 'internal_error'],
] as const)
  // prettier-ignore
  test(`${what} is a ${Class.name} with the code ${code}`, async (t) => {
    const { client, embedder } = await openClient(t);
    embedder.failNext(fault);
    const error = await refusalOf(client.embeddings.create({ model: MODEL_ID, input: 'a' }));
    assert.ok(error instanceof Class, error.constructor.name);
    assert.equal(error.code, code);
  });

test('a full queue is asked again after the seconds that the answer says', async (t) => {
  const { client, embedder } = await openClient(t, 1);
  embedder.failNext(new Fault('OVERLOADED', { what: 'requests wait', count: 9, limit: 8 }));
  const startedMs = performance.now();
  assert.equal((await client.embeddings.create({ model: MODEL_ID, input: 'a' })).data.length, 1);
  // The client's own pause would be half a second at most.
  assert.ok(performance.now() - startedMs > 900);
});

test('a wrong key is an AuthenticationError', async (t) => {
  const { client } = await openClient(t, 0, { keys: { api: 'right', admin: null } });
  const error = await refusalOf(client.embeddings.create({ model: MODEL_ID, input: 'a' }));
  assert.ok(error instanceof OpenAI.AuthenticationError);
  assert.equal(error.code, 'invalid_api_key');
});

test('a base URL without /v1 or with a trailing slash serves as well', async (t) => {
  const { server } = await openClient(t);
  for (const baseURL of [server.url, `${server.url}/`, `${server.url}/v1/`]) {
    const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
    const { data } = await client.embeddings.create({ model: MODEL_ID, input: 'a' });
    assert.equal(data.length, 1);
  }
});

test('the request id of an answer and of an error reaches the caller', async (t) => {
  const { client } = await openClient(t);
  const headers = { 'x-request-id': 'caller-7' };
  const answer = await client.embeddings.create({ model: MODEL_ID, input: 'a' }, { headers });
  assert.equal(answer._request_id, 'caller-7');
  const error = await refusalOf(client.embeddings.create({ model: MODEL_ID, input: '' }));
  assert.match(error.requestID ?? '', /^req_/);
});

test('a failure that may pass is retried by the client', async (t) => {
  const { client, embedder } = await openClient(t, 1);
  embedder.failNext(new Fault('ENGINE_FAILED', { problem: 'out of memory' }));
  const { data } = await client.embeddings.create({ model: MODEL_ID, input: 'a' });
  assert.equal(data.length, 1);
  assert.equal(embedder.calls.length, 2);
});

test('a permanent failure is not sent again', async (t) => {
  const { client, embedder } = await openClient(t, 2);
  embedder.failNext(new Fault('WORKER_DIED', { deaths: 2 }));
  const error = await refusalOf(client.embeddings.create({ model: MODEL_ID, input: 'poison' }));
  assert.ok(error instanceof OpenAI.InternalServerError);
  assert.deepEqual([error.code, error.type], ['worker_died', 'server_error']);
  assert.equal(embedder.calls.length, 1);
});

test('while the model loads the client learns when to come back', async (t) => {
  const model = { id: MODEL_ID, createdUnixSeconds: 0 };
  const server = await openServer({ host: '127.0.0.1', port: 0, model });
  t.after(() => server.close());
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const error = await refusalOf(client.embeddings.create({ model: MODEL_ID, input: 'a' }));
  assert.deepEqual([error.status, error.code, error.headers?.get('retry-after')], [503, 'starting', '5']);
});

test('aborting the call cancels the work', async (t) => {
  const { client, embedder } = await openClient(t);
  embedder.hold();
  const hangUp = new AbortController();
  const answer = client.embeddings.create({ model: MODEL_ID, input: 'a' }, { signal: hangUp.signal });
  while (embedder.calls.length === 0) await new Promise(setImmediate);
  hangUp.abort();
  await assert.rejects(answer, OpenAI.APIUserAbortError);
  while (embedder.cancelledCount === 0) await new Promise(setImmediate);
});
