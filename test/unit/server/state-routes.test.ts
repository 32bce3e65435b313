import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { type ErrorBody, MODEL_ID, openServingServer, openTestServer } from './open-test-server.ts';

const SETTINGS = { model_path: '/models/q', tp_size: 1, dp_size: 2, version: '1.2.3', weight_version: 'v7' };

test('ready is who can take work now, alive who answers at all', async (t) => {
  const { server, embedder } = await openTestServer(t);
  const look = async () => {
    const [ready, live] = [await server.app.inject('/readyz'), await server.app.inject('/livez')];
    assert.deepEqual([live.statusCode, live.json()], [200, { status: 'alive' }]);
    return [ready.statusCode, ready.headers['retry-after'], ready.json<unknown>()];
  };
  assert.deepEqual(await look(), [503, '5', { status: 'starting', workers: {} }]);
  let states = ['ready', 'starting', 'ready'];
  const fleet = () => ({
    workers: states.map((state) => ({ state, deaths: 0, inFlight: 0 })),
    waiting: 0,
    openTokens: 0,
  });
  server.serve(embedder, { fleet, isLive: () => states.includes('ready') });
  assert.deepEqual(await look(), [200, undefined, { status: 'ready', workers: { ready: 2, starting: 1 } }]);
  states = ['failed'];
  assert.deepEqual(await look(), [503, '5', { status: 'unavailable', workers: { failed: 1 } }]);
});

test('a server that will not serve again says that it is dead and why, and bids nobody wait', async (t) => {
  const { server, embedder, post } = await openTestServer(t);
  const failure = 'every worker was given up: it was killed by SIGKILL';
  const checkRoom = () => {
    throw new Fault('WORKERS_GIVEN_UP', { problem: 'it was killed by SIGKILL' });
  };
  server.serve(embedder, { failure: () => failure, isLive: () => false, checkRoom });
  const looks = await Promise.all(['/livez', '/readyz', '/health'].map((path) => server.app.inject(path)));
  assert.deepEqual(
    looks.map(({ statusCode, headers }) => [statusCode, headers['retry-after']]),
    Array(3).fill([503, undefined]),
  );
  assert.deepEqual(
    looks.map((answer) => answer.json<unknown>()),
    [{ status: 'failed', reason: failure }, { status: 'failed', workers: {} }, { status: 'failed' }],
  );
  const { statusCode, headers } = await post({ input: 'a' });
  assert.deepEqual(
    [statusCode, headers['retry-after'], headers['x-should-retry']],
    [503, undefined, 'false'],
  );
});

test("the model's facts are SGLang's, under the old name too", async (t) => {
  const { server } = await openServingServer(t, { settings: SETTINGS });
  for (const path of ['/model_info', '/get_model_info']) {
    assert.deepEqual((await server.app.inject(path)).json(), {
      model_path: '/models/q',
      tokenizer_path: '/models/q',
      is_generation: false,
      preferred_sampling_params: null,
      weight_version: 'v7',
      has_image_understanding: false,
      has_audio_understanding: false,
      model_type: 'qwen3',
      architectures: ['Qwen3ForCausalLM'],
    });
  }
});

test('the way of balancing is the one that holds', async (t) => {
  for (const [load_balance_method, holds] of [
    ['auto', 'total_tokens'],
    ['round_robin', 'round_robin'],
    ['follow_bootstrap_room', 'total_tokens'],
  ] as const) {
    const { server } = await openTestServer(t, { settings: { load_balance_method } });
    const facts = (await server.app.inject('/server_info')).json<Record<string, unknown>>();
    assert.equal(facts['load_balance_method'], holds);
  }
});

test("the server's facts are its settings and its state, under the old name too", async (t) => {
  const { server, embedder } = await openTestServer(t, { settings: SETTINGS });
  const loading = (await server.app.inject('/server_info')).json<Record<string, unknown>>();
  assert.deepEqual([loading['status'], loading['max_req_input_len']], ['starting', null]);
  const fleet = () => ({
    workers: [{ state: 'ready', deaths: 1, pid: 7, inFlight: 0 }],
    waiting: 0,
    openTokens: 0,
  });
  server.serve(embedder, { fleet });
  for (const path of ['/server_info', '/get_server_info']) {
    assert.deepEqual((await server.app.inject(path)).json(), {
      ...SETTINGS,
      served_model_name: MODEL_ID,
      is_embedding: true,
      load_balance_method: 'total_tokens',
      disaggregation_mode: 'null',
      kv_events: null,
      speculative_algorithm: null,
      status: 'ready',
      max_req_input_len: 512,
      load: {
        num_running_reqs: 0,
        num_queue_reqs: 0,
        num_requests_total: 0,
        num_inputs_total: 0,
        prompt_tokens_total: 0,
      },
      internal_states: [{ state: 'ready', deaths: 1 }],
    });
  }
});

test("/get_load has SGLang's entry for each worker, and what waits at the first", async (t) => {
  const { server, embedder } = await openTestServer(t);
  assert.deepEqual((await server.app.inject('/get_load')).json(), []);
  const worker = { state: 'ready', deaths: 0, inFlight: 2 };
  server.serve(embedder, { fleet: () => ({ workers: [worker, worker], waiting: 3, openTokens: 700 }) });
  const loads = (await server.app.inject('/get_load')).json<{ ts_tic: number }[]>();
  const entries = loads.map(({ ts_tic, ...entry }) => ({ ...entry, isTimed: ts_tic > 0 }));
  const idle = { num_waiting_reqs: 0, num_tokens: 0, num_pending_tokens: 0, isTimed: true };
  assert.deepEqual(entries, [
    { ...idle, dp_rank: 0, num_reqs: 5, num_waiting_reqs: 3, num_tokens: 700 },
    { ...idle, dp_rank: 1, num_reqs: 2 },
  ]);
});

test("the server's facts count what was done and what waits", async (t) => {
  const { server, embedder, post } = await openTestServer(t);
  server.serve(embedder, { fleet: () => ({ workers: [], waiting: 1, openTokens: 0 }) });
  await post({ input: ['ab', 'c'] });
  embedder.hold();
  const open = [post({ input: 'd' }), post({ input: 'e' }), post({ input: 'f' })];
  while (embedder.calls.length < 4) await new Promise(setImmediate);
  assert.deepEqual((await server.app.inject('/server_info')).json<{ load: object }>().load, {
    num_running_reqs: 2,
    num_queue_reqs: 1,
    num_requests_total: 1,
    num_inputs_total: 2,
    prompt_tokens_total: 5,
  });
  await server.close({ graceMs: 0 });
  await Promise.all(open);
});

test('whatever its state, a server that listens answers / and /ping', async (t) => {
  const { server } = await openTestServer(t);
  for (const path of ['/', '/ping'])
    assert.equal((await server.app.inject(path)).body, '"qwen-embed is running"');
});

test('/health_generate computes a vector', async (t) => {
  const { server, embedder } = await openServingServer(t);
  const answer = await server.app.inject('/health_generate');
  assert.deepEqual([answer.statusCode, answer.body], [200, '{"status":"healthy"}']);
  assert.equal(embedder.calls.length, 1);
});

test('/health computes a vector where it was launched to', async (t) => {
  const { server, embedder } = await openServingServer(t, { provesHealth: true, healthTimeoutMs: 5 });
  assert.equal((await server.app.inject('/health')).statusCode, 200);
  assert.equal(embedder.calls.length, 1);
  embedder.hold();
  assert.equal((await server.app.inject('/health')).statusCode, 503);
});

test('without the document there is neither /openapi.json nor /docs, and the page stays', async (t) => {
  const { server } = await openServingServer(t, { openApi: false, ui: true });
  const statusOf = async (url: string) =>
    (await server.app.inject({ url, headers: { accept: 'text/html' } })).statusCode;
  assert.deepEqual([await statusOf('/openapi.json'), await statusOf('/docs')], [404, 404]);
  assert.equal(await statusOf('/'), 200);
});

test('/health_generate is 503 where no vector comes', async (t) => {
  const { server, embedder } = await openServingServer(t, { healthTimeoutMs: 5 });
  embedder.hold();
  assert.equal((await server.app.inject('/health_generate')).statusCode, 503);
  assert.equal(embedder.cancelledCount, 1);
});

test('/health_generate is 503 where computing fails', async (t) => {
  const { server, embedder } = await openServingServer(t);
  embedder.failNext(new Fault('ENGINE_FAILED', { problem: 'x' }));
  const answer = await server.app.inject('/health_generate');
  assert.deepEqual([answer.statusCode, answer.body], [503, '{"status":"unavailable"}']);
});

test('/health_generate is 503 and computes nothing before the model is loaded', async (t) => {
  const { server } = await openTestServer(t);
  assert.equal((await server.app.inject('/health_generate')).body, '{"status":"starting"}');
});

test('a vector for somebody else while the probe waits its turn is a sign of life', async (t) => {
  const { server, embedder, post } = await openServingServer(t, { healthTimeoutMs: 200 });
  const release = embedder.hold();
  const other = post({ input: 'a' });
  while (embedder.calls.length < 1) await new Promise(setImmediate);
  embedder.hold();
  const probe = server.app.inject('/health_generate');
  while (embedder.calls.length < 2) await new Promise(setImmediate);
  release();
  await other;
  assert.equal((await probe).statusCode, 200);
  assert.equal(embedder.cancelledCount, 1);
});

test('/flush_cache drops what the workers keep', async (t) => {
  const { server, embedder } = await openServingServer(t);
  for (const method of ['GET', 'POST'] as const) {
    const { statusCode, body } = await server.app.inject({ method, url: '/flush_cache?timeout=5' });
    assert.deepEqual([statusCode, body], [200, 'Cache flushed.\n']);
  }
  assert.equal(embedder.forgottenCount, 2);
});

const abort = (body: object) => ({ method: 'POST', url: '/abort_request', payload: body }) as const;

for (const [title, sent, aborted] of [
  ['its rid', { input: 'a', rid: 'mine' }, 'mine'],
  ['one of its rids', { input: ['a', 'b'], rid: ['one', 'two'] }, 'two'],
  ['its x-request-id', { input: 'a' }, 'header-id'],
] as const) {
  test(`/abort_request ends a waiting request by ${title}`, async (t) => {
    const { server, embedder, post } = await openServingServer(t);
    embedder.hold();
    const headers = { 'content-type': 'application/json', 'x-request-id': 'header-id' };
    const answer = post(sent, headers);
    while (embedder.calls.length === 0) await new Promise(setImmediate);
    assert.equal((await server.app.inject(abort({ rid: 'another' }))).statusCode, 200);
    assert.equal(embedder.cancelledCount, 0);
    const done = await server.app.inject(abort({ rid: aborted }));
    assert.deepEqual([done.statusCode, done.body], [200, '']);
    const { error } = JSON.parse((await answer).body) as ErrorBody;
    assert.deepEqual([(await answer).statusCode, error.code], [499, 'aborted']);
    assert.equal(embedder.cancelledCount, 1);
  });
}

test('/abort_request with abort_all ends them all', async (t) => {
  const { server, embedder, post } = await openServingServer(t);
  embedder.hold();
  const answers = ['a', 'b'].map((input) => post({ input }));
  while (embedder.calls.length < 2) await new Promise(setImmediate);
  await server.app.inject(abort({ abort_all: true }));
  assert.deepEqual(
    (await Promise.all(answers)).map(({ statusCode }) => statusCode),
    [499, 499],
  );
});

test('/abort_request without an id is 400', async (t) => {
  const { server } = await openServingServer(t);
  for (const body of [{}, { rid: '' }, { rid: 5 }, { abort_all: 'yes' }]) {
    assert.equal((await server.app.inject(abort(body))).statusCode, 400);
  }
});
