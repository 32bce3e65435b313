import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { emptyProfile, recordStage, STAGES, type Profile } from '../../../src/embedder.ts';
import { Metrics } from '../../../src/server/metrics.ts';
import { OpenRequests } from '../../../src/server/open-requests.ts';
import type { ServerOptions } from '../../../src/server/server.ts';
import { Service } from '../../../src/server/service.ts';
import { FakeEmbedder } from '../../fixtures/fake-embedder.ts';
import { MODEL_ID, openServingServer, openTestServer, type TestServer } from './open-test-server.ts';
import { type Family, readPrometheusText } from './prometheus-text.ts';

interface MetricsServer extends TestServer {
  scrape: () => Promise<Map<string, Family>>;
}

async function openMetricsServer(t: TestContext, options?: Partial<ServerOptions>): Promise<MetricsServer> {
  const opened = await openServingServer(t, { metrics: true, ...options });
  const scrape = async () => {
    const answer = await opened.server.app.inject('/metrics');
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    return readPrometheusText(answer.body);
  };
  return { ...opened, scrape };
}

/** The value of the one sample that has these labels. */
function valueOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  const fitting = family?.samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  assert.equal(fitting?.length, 1, `${name} ${JSON.stringify(labels)}`);
  return fitting[0]?.value ?? NaN;
}

test('without the setting there is no /metrics', async (t) => {
  const { server } = await openServingServer(t);
  assert.equal((await server.app.inject('/metrics')).statusCode, 404);
});

test('every sample names the model, quotes and line breaks escaped', async (t) => {
  const id = 'a "strange"\\\nname';
  const { scrape } = await openMetricsServer(t, { model: { id, createdUnixSeconds: 1 } });
  const samples = [...(await scrape()).values()].flatMap((family) => family.samples);
  assert.ok(samples.length > 40);
  assert.deepEqual([...new Set(samples.map(({ labels }) => labels['model_name']))], [id]);
});

test("what the embedder did is under the profile's names, each stage with the server's own", async (t) => {
  const { scrape, embedder } = await openMetricsServer(t);
  const done: Profile = {
    ...{ batches: 1, texts: 2, tokens: 30, prefixTokens: 4, duplicates: 5, cacheHits: 6 },
    stageSeconds: { tokenise: 0.5, queue: 1.5, 'look-up': 2.5, decode: 3.5, read: 4.5 },
    stageCounts: emptyProfile().stageCounts,
  };
  Object.assign(embedder.done, done);
  const families = await scrape();
  for (const [name, value] of [
    ['qwen_embed_batches_total', 1],
    ['qwen_embed_texts_total', 2],
    ['qwen_embed_tokens_total', 30],
    ['qwen_embed_prefix_tokens_total', 4],
    ['sglang:cached_tokens_total', 4],
    ['qwen_embed_duplicates_total', 5],
    ['qwen_embed_cache_hits_total', 6],
  ] as const) {
    assert.equal(valueOf(families, name, { model_name: MODEL_ID }), value);
  }
  const stages = families.get('qwen_embed_stage_seconds_total')?.samples.map(({ labels }) => labels['stage']);
  assert.deepEqual(stages, ['parse', ...STAGES, 'encode']);
  assert.equal(valueOf(families, 'qwen_embed_stage_seconds_total', { stage: 'look-up' }), 2.5);
});

test('docs/metrics.md names every metric that is served, and no other', async (t) => {
  const { scrape } = await openMetricsServer(t);
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const named = page.matchAll(/`((?:sglang:|qwen_embed_|process_)\w+)`/g);
  assert.deepEqual(
    [...new Set([...named].map(([, name]) => name))].sort(),
    [...(await scrape()).keys()].sort(),
  );
});

test('requests, tokens, inputs and seconds are counted when they are answered', async (t) => {
  const { scrape, post } = await openMetricsServer(t);
  await post({ input: ['a', 'bc', 'def'] });
  await post({ input: 'a' });
  await post({ input: '' });
  const families = await scrape();
  assert.equal(valueOf(families, 'sglang:num_requests_total'), 2);
  assert.equal(valueOf(families, 'sglang:prompt_tokens_total'), 11);
  assert.equal(valueOf(families, 'qwen_embed_request_inputs_sum'), 4);
  assert.equal(valueOf(families, 'qwen_embed_request_inputs_bucket', { le: '2' }), 1);
  assert.equal(valueOf(families, 'sglang:e2e_request_latency_seconds_count'), 2);
  for (const stage of ['parse', 'encode']) {
    assert.ok(valueOf(families, 'qwen_embed_stage_seconds_total', { stage }) > 0);
  }
});

test('refusals are counted by fault, answers by route and status, unknown paths as one', async (t) => {
  const { scrape, post, server } = await openMetricsServer(t);
  await post({ input: '' });
  await post('{');
  for (const url of ['/a', '/b']) await server.app.inject(url);
  const families = await scrape();
  assert.equal(valueOf(families, 'qwen_embed_refusals_total', { code: 'INPUT_EMPTY' }), 1);
  assert.equal(valueOf(families, 'qwen_embed_refusals_total', { code: 'INVALID_REQUEST' }), 1);
  const answers = (endpoint: string, status: number) =>
    valueOf(families, 'sglang:http_responses_total', { endpoint, status_code: String(status) });
  assert.equal(answers('/v1/embeddings', 400), 2);
  assert.equal(answers('unknown', 404), 2);
  assert.equal(valueOf(families, 'sglang:http_requests_total', { endpoint: '/metrics' }), 1);
});

test('a request in progress is running, or queued as long as no worker has it', async (t) => {
  const { scrape, post, server, embedder } = await openMetricsServer(t);
  const workers = [
    { state: 'ready', deaths: 1, inFlight: 2 },
    { state: 'resting', deaths: 2, inFlight: 0 },
  ];
  server.serve(embedder, { fleet: () => ({ workers, waiting: 1, openTokens: 0 }) });
  const release = embedder.hold();
  const answers = ['a', 'b', 'c'].map((input) => post({ input }));
  while (embedder.calls.length < 3) await new Promise(setImmediate);
  const families = await scrape();
  assert.equal(valueOf(families, 'sglang:num_running_reqs'), 2);
  assert.equal(valueOf(families, 'sglang:num_queue_reqs'), 1);
  assert.equal(valueOf(families, 'qwen_embed_workers_live'), 1);
  assert.equal(valueOf(families, 'qwen_embed_worker_deaths_total'), 3);
  release();
  await Promise.all(answers);
  server.serve(embedder, { fleet: () => ({ workers, waiting: 0, openTokens: 0 }) });
  assert.equal(valueOf(await scrape(), 'sglang:num_running_reqs'), 0);
});

test('before the model is loaded the sums are 0', async (t) => {
  const { server } = await openTestServer(t, { metrics: true });
  const families = readPrometheusText((await server.app.inject('/metrics')).body);
  assert.equal(valueOf(families, 'qwen_embed_texts_total'), 0);
  assert.equal(valueOf(families, 'sglang:context_len'), 0);
});

test('an embedder that fails leaves the sums as last known', async (t) => {
  const { scrape, embedder } = await openMetricsServer(t);
  embedder.done.texts = 7;
  await scrape();
  await embedder.close();
  embedder.done.texts = 8;
  assert.equal(valueOf(await scrape(), 'qwen_embed_texts_total'), 7);
});

test('an embedder that never answers is asked once and holds up no scrape beyond the time limit', async () => {
  const service = new Service();
  const metrics = new Metrics({
    modelId: 'm',
    service,
    openRequests: new OpenRequests(),
    profileTimeoutMs: 1,
  });
  const embedder = new FakeEmbedder();
  service.serve(embedder);
  let askedCount = 0;
  let answer: (profile: Profile) => void = () => assert.fail();
  embedder.profile = () => {
    askedCount += 1;
    return new Promise((resolve) => (answer = resolve));
  };
  const texts = async () => valueOf(readPrometheusText(await metrics.render()), 'qwen_embed_texts_total');
  assert.deepEqual([await texts(), await texts()], [0, 0]);
  assert.equal(askedCount, 1);
  answer({ ...emptyProfile(), texts: 3 });
  assert.equal(await texts(), 3);
});

test('labels and bounds of the launch are in the text', async (t) => {
  const shape = {
    labels: { team: 'a' },
    latencyBuckets: [0.5, 1],
    firstTokenBuckets: [0.25],
    promptTokenBuckets: [10],
    customLabels: null,
  };
  const { scrape, post } = await openMetricsServer(t, { metrics: shape });
  await post({ input: 'hello' });
  const families = await scrape();
  const boundsOf = (name: string) =>
    families.get(name)?.samples.flatMap(({ labels: { le, team } }) => (le === undefined ? [] : [[le, team]]));
  assert.deepEqual(boundsOf('sglang:prompt_tokens_histogram'), [
    ['10', 'a'],
    ['+Inf', 'a'],
  ]);
  assert.deepEqual(
    boundsOf('sglang:e2e_request_latency_seconds')?.map(([le]) => le),
    ['0.5', '1', '+Inf'],
  );
  assert.deepEqual(
    boundsOf('sglang:time_to_first_token_seconds')?.map(([le]) => le),
    ['0.25', '+Inf'],
  );
  assert.equal(valueOf(families, 'sglang:prompt_tokens_histogram_sum'), 6);
});

test('labels that a sender says in the header are those of its requests', async (t) => {
  const customLabels = { header: 'x-custom-labels', names: ['team'] };
  const buckets = { latencyBuckets: null, firstTokenBuckets: null, promptTokenBuckets: null };
  const shape = { labels: {}, ...buckets, customLabels };
  const { scrape, post } = await openMetricsServer(t, { metrics: shape });
  const type = { 'content-type': 'application/json' };
  await post({ input: 'hello' }, { ...type, 'x-custom-labels': '{"team": "search", "other": "x"}' });
  await post({ input: 'hello' }, type);
  const families = await scrape();
  for (const name of ['sglang:num_requests_total', 'sglang:e2e_request_latency_seconds_count'])
    assert.deepEqual(
      ['search', ''].map((team) => valueOf(families, name, { team })),
      [1, 1],
    );
});

test("the workers' counts of a stage are a histogram, and the queue's also under SGLang's name", async (t) => {
  const { scrape, embedder } = await openMetricsServer(t);
  for (const milliseconds of [0.15, 0.15, 3, 1e6]) recordStage(embedder.done, 'queue', milliseconds);
  recordStage(embedder.done, 'decode', 40);
  const families = await scrape();
  const waits = { stage: 'queue' };
  for (const [name, labels] of [
    ['qwen_embed_worker_stage_seconds', waits],
    ['sglang:queue_time_seconds', {}],
  ] as const) {
    const below = ['0.0001', '0.0002', '0.002', '0.005', '100', '+Inf'].map((le) =>
      valueOf(families, `${name}_bucket`, { ...labels, le }),
    );
    assert.deepEqual(below, [0, 2, 2, 3, 3, 4], name);
    assert.equal(valueOf(families, `${name}_count`, labels), 4);
    assert.ok(Math.abs(valueOf(families, `${name}_sum`, labels) - 1000.0033) < 1e-9);
  }
  const decodes = { stage: 'decode', le: '0.05', model_name: MODEL_ID };
  assert.equal(valueOf(families, 'qwen_embed_worker_stage_seconds_bucket', decodes), 1);
});

test('every stage of a request and every HTTP request is in a histogram', async (t) => {
  const { scrape, post } = await openMetricsServer(t);
  await post({ input: 'hello' });
  const families = await scrape();
  for (const stage of ['parse', 'embed', 'encode']) {
    assert.equal(valueOf(families, 'qwen_embed_request_stage_seconds_count', { stage }), 1);
  }
  const endpoint = '/v1/embeddings';
  assert.equal(valueOf(families, 'sglang:http_request_latency_seconds_count', { endpoint }), 1);
  assert.equal(
    valueOf(families, 'sglang:http_request_size_bytes_sum', { endpoint }),
    '{"input":"hello"}'.length,
  );
  assert.ok(valueOf(families, 'sglang:http_response_size_bytes_sum', { endpoint }) > 100);
  assert.ok(valueOf(families, 'sglang:engine_startup_time') > 0);
});
