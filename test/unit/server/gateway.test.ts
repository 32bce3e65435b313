// The conversation that SGLang's gateway has with a worker, as its source tells it: finding out what listens, registering
// it, sending it embeddings, watching its health, deciding what to send again.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { type EmbeddingsBody, MODEL_ID, openServingServer } from './open-test-server.ts';

const KEY = 'worker-key';
const BEARER = { authorization: `Bearer ${KEY}` };

/** What the launch of one worker without flags shows, types as they are there. */
const SETTINGS = {
  ...{ model_path: '/models/q', tp_size: 1, dp_size: 1, version: '1.2.3', weight_version: 'default' },
  ...{ max_prefill_tokens: null, max_running_requests: null, max_total_tokens: null },
};

function openWorker(t: TestContext) {
  return openServingServer(t, { settings: SETTINGS, keys: { api: KEY, admin: null } });
}

/** 408, 429 and these of the 5xx are sent again, up to five times; others are not. */
const SENT_AGAIN = new Set([408, 429, 500, 502, 503, 504]);

test('a probe without the key finds a worker that listens', async (t) => {
  const { server } = await openWorker(t);
  const answer = await fetch(`${server.url}/health`);
  assert.ok(answer.ok);
});

test('registering reads both kinds of facts, by their new names first and by the old', async (t) => {
  const { server } = await openWorker(t);
  for (const path of ['/server_info', '/get_server_info']) {
    const facts = (await (await fetch(server.url + path, { headers: BEARER })).json()) as Record<
      string,
      unknown
    >;
    for (const name of [
      'model_path',
      'served_model_name',
      'load_balance_method',
      'disaggregation_mode',
      'version',
    ]) {
      assert.equal(typeof facts[name], 'string', name);
    }
    for (const name of ['tp_size', 'dp_size']) assert.ok(Number.isInteger(facts[name]), name);
    for (const name of ['max_total_tokens', 'max_prefill_tokens', 'max_running_requests']) {
      assert.ok(facts[name] === null || Number.isInteger(facts[name]), name);
    }
    assert.deepEqual([facts['disaggregation_mode'], facts['kv_events']], ['null', null]);
    assert.deepEqual([facts['served_model_name'], facts['status']], [MODEL_ID, 'ready']);
  }
  for (const path of ['/model_info', '/get_model_info']) {
    const facts = (await (await fetch(server.url + path, { headers: BEARER })).json()) as Record<
      string,
      unknown
    >;
    assert.deepEqual([facts['model_type'], facts['is_generation']], ['qwen3', false]);
    assert.deepEqual(facts['architectures'], ['Qwen3ForCausalLM']);
    assert.equal(facts['tokenizer_path'], '/models/q');
  }
});

test('embeddings come through in the form that the gateway writes them anew', async (t) => {
  const { server, embedder } = await openWorker(t);
  const body = {
    ...{ model: MODEL_ID, input: ['a', 'b'], encoding_format: null, user: null, dimensions: 32, rid: 'r-1' },
    ...{ routing_id: null, log_metrics: true, data_parallel_rank: 0 },
  };
  const headers = { ...BEARER, 'content-type': 'application/json', 'x-request-id': 'gateway-1' };
  const answer = await fetch(`${server.url}/v1/embeddings`, {
    ...{ method: 'POST', headers, body: JSON.stringify(body) },
  });
  const { data, model } = (await answer.json()) as EmbeddingsBody;
  assert.deepEqual([answer.status, answer.headers.get('x-request-id'), model], [200, 'gateway-1', MODEL_ID]);
  assert.deepEqual(
    data.map(({ embedding }) => embedding.length),
    [32, 32],
  );
  assert.equal(embedder.calls.length, 1);
});

test('what the gateway passes to the first healthy worker is there', async (t) => {
  const { server } = await openWorker(t);
  for (const path of ['/v1/models', '/get_server_info', '/get_model_info', '/health_generate']) {
    assert.equal((await fetch(server.url + path, { headers: BEARER })).status, 200, path);
  }
});

test("a client's mistakes are none of those that the gateway sends again", async (t) => {
  const { post, server } = await openWorker(t);
  const headers = { ...BEARER, 'content-type': 'application/json' };
  const bodies = [
    '{',
    { input: '' },
    { input: 'a', dimensions: 5 },
    { input: [5000] },
    { input: 'a'.repeat(600) },
  ];
  for (const body of bodies) assert.equal((await post(body, headers)).statusCode, 400);
  const statuses = [
    (await post({ input: 'a' }, { 'content-type': 'application/json' })).statusCode,
    (await post({ input: 'a' }, { ...BEARER, 'content-type': 'text/plain' })).statusCode,
    (await server.app.inject({ method: 'POST', url: '/v1/rerank', headers: BEARER })).statusCode,
    (await server.app.inject({ url: '/nope', headers: BEARER })).statusCode,
  ];
  assert.deepEqual(statuses, [401, 415, 400, 404]);
  assert.ok(!statuses.some((status) => SENT_AGAIN.has(status)));
});

test('what may pass is among those that the gateway sends again, and its health loop sees a worker go', async (t) => {
  const { post, server, embedder } = await openWorker(t);
  embedder.failNext(new Fault('ENGINE_FAILED', { problem: 'out of memory' }));
  const headers = { ...BEARER, 'content-type': 'application/json' };
  assert.ok(SENT_AGAIN.has((await post({ input: 'a' }, headers)).statusCode));
  server.serve(embedder, { isLive: () => false });
  assert.equal((await fetch(`${server.url}/health`)).status, 503);
});
