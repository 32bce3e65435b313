import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeVector } from '../../fixtures/fake-embedder.ts';
import { type EmbeddingsBody, MODEL_ID, openServingServer, openTestServer } from './open-test-server.ts';

test('health is starting, then healthy, then unavailable without a live worker', async (t) => {
  const { server, embedder } = await openTestServer(t);
  const health = async () => {
    const { statusCode, headers, body } = await server.app.inject('/health');
    return [statusCode, body, headers['retry-after']];
  };
  assert.deepEqual(await health(), [503, '{"status":"starting"}', '5']);
  let live = true;
  server.serve(embedder, { isLive: () => live });
  assert.deepEqual(await health(), [200, '{"status":"healthy"}', undefined]);
  live = false;
  assert.deepEqual(await health(), [503, '{"status":"unavailable"}', '5']);
});

test('the list of models has the one that is served', async (t) => {
  const { server } = await openServingServer(t);
  const { body } = await server.app.inject('/v1/models');
  assert.deepEqual(JSON.parse(body), {
    object: 'list',
    data: [
      {
        ...{ id: MODEL_ID, object: 'model', created: 1_700_000_000, owned_by: 'qwen-embed' },
        ...{ root: MODEL_ID, parent: null, max_model_len: 512 },
      },
    ],
  });
});

test('the models are listed while the model loads, without its length', async (t) => {
  const { server } = await openTestServer(t);
  const { statusCode, body } = await server.app.inject('/v1/models');
  assert.equal(statusCode, 200);
  assert.ok(!body.includes('max_model_len'));
});

for (const path of [
  '/v1/models/Qwen/Qwen3-Embedding-0.6B',
  '/v1/models/Qwen%2FQwen3-Embedding-0.6B',
  '/models/Qwen/Qwen3-Embedding-0.6B/',
]) {
  test(`GET ${path} finds the model`, async (t) => {
    const { server } = await openServingServer(t);
    const { statusCode, body } = await server.app.inject(path);
    assert.equal(statusCode, 200);
    assert.equal((JSON.parse(body) as { id: string }).id, MODEL_ID);
  });
}

test('a model id may be a path', async (t) => {
  const { server } = await openTestServer(t, { model: { id: '/models/My model', createdUnixSeconds: 1 } });
  for (const written of ['/models/My%20model', '%2Fmodels%2FMy%20model']) {
    const { statusCode } = await server.app.inject(`/v1/models/${written}`);
    assert.equal(statusCode, 200, written);
  }
});

test('embeddings come in order, as the embedder made them, under the name of the served model', async (t) => {
  const { post } = await openServingServer(t);
  const { statusCode, headers, body } = await post({
    input: ['first', 'second'],
    model: 'text-embedding-3-small',
  });
  assert.equal(statusCode, 200);
  assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  const { data, ...rest } = JSON.parse(body) as EmbeddingsBody;
  assert.deepEqual(rest, { object: 'list', model: MODEL_ID, usage: { prompt_tokens: 13, total_tokens: 13 } });
  for (const [index, text] of ['first', 'second'].entries()) {
    assert.deepEqual(Float32Array.from(data[index]?.embedding as number[]), fakeVector(text, 64));
  }
});

test('ids and dimensions reach the embedder as they were sent', async (t) => {
  const { post, embedder } = await openServingServer(t);
  await post({ input: [[1, 2], [3]], dimensions: 32 });
  const [call] = embedder.calls;
  assert.ok(call);
  assert.deepEqual(call.inputs, [[1, 2], [3]]);
  assert.equal(call.options.dimensions, 32);
});

test('the first token ids are warned of, once', async (t) => {
  const { post, entries } = await openServingServer(t);
  for (const input of ['text', [1, 2], [[3]]]) await post({ input });
  const warnings = entries.filter(({ level }) => level === 'warn');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]?.message ?? '', /check_embedding_ctx_length=False$/);
});

test('a body without a content type is read as JSON', async (t) => {
  const { server } = await openServingServer(t);
  const response = await fetch(`${server.url}/v1/embeddings`, {
    method: 'POST',
    body: new TextEncoder().encode('{"input":"a"}'),
  });
  assert.equal(response.status, 200);
  await response.arrayBuffer();
});

test('a byte order mark before the JSON is no obstacle', async (t) => {
  const { post } = await openServingServer(t);
  assert.equal((await post('\uFEFF{"input":"a"}')).statusCode, 200);
});

test('a path without /v1 and with a trailing slash answers the same', async (t) => {
  const { server } = await openServingServer(t);
  for (const url of ['/v1/embeddings', '/v1/embeddings/', '/embeddings', '/embeddings/']) {
    const { statusCode } = await server.app.inject({ method: 'POST', url, payload: { input: 'a' } });
    assert.equal(statusCode, 200, url);
  }
});

test('a sane x-request-id is echoed, another one is replaced', async (t) => {
  const { server } = await openServingServer(t);
  const idFor = async (id?: string) => {
    const headers = id === undefined ? {} : { 'x-request-id': id };
    return (await server.app.inject({ url: '/health', headers })).headers['x-request-id'];
  };
  assert.equal(await idFor('client-1:a/b'), 'client-1:a/b');
  for (const id of [undefined, '', 'has space', 'x'.repeat(129), 'a"b']) {
    assert.match(String(await idFor(id)), /^req_[0-9a-f]{32}$/);
  }
});

test('HEAD answers the headers of GET', async (t) => {
  const { server } = await openServingServer(t);
  const { statusCode, headers, body } = await server.app.inject({ method: 'HEAD', url: '/health' });
  assert.deepEqual([statusCode, headers['content-length'], body], [200, '20', '']);
});

test('OPTIONS names the methods of a path', async (t) => {
  const { server } = await openServingServer(t);
  const { statusCode, headers } = await server.app.inject({ method: 'OPTIONS', url: '/v1/embeddings' });
  assert.deepEqual([statusCode, headers['allow']], [204, 'POST, OPTIONS']);
});

test('every answer is one line of the log', async (t) => {
  const { post, entries } = await openServingServer(t);
  const { headers } = await post(
    { input: 'a' },
    { 'x-request-id': 'mine', 'content-type': 'application/json' },
  );
  assert.equal(headers['x-request-id'], 'mine');
  assert.deepEqual(
    entries.map(({ level, requestId }) => ({ level, requestId })),
    [{ level: 'info', requestId: 'mine' }],
  );
  assert.match(entries[0]?.message ?? '', /^POST \/v1\/embeddings: 200 \d+\.\d ms$/);
});
