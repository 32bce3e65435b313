// From settings to legs and addresses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEndpoint } from '../../../src/client/endpoint.ts';
import { planLegs, type LoadSettings } from '../../../src/bench/plan.ts';

const NOTHING_GIVEN: LoadSettings = {
  clients: null,
  rate: null,
  batchSize: null,
  texts: null,
  durationSeconds: null,
  repeat: null,
  warmUp: null,
  preset: null,
  compare: null,
};
const plan = (settings: Partial<LoadSettings>) => planLegs({ ...NOTHING_GIVEN, ...settings });

test('without options: 16 clients, single texts, three rounds of ten seconds', () => {
  const [leg, ...others] = plan({});
  assert.deepEqual(others, []);
  assert.deepEqual(leg, {
    title: 'closed loop, 16 clients, single texts',
    loop: { kind: 'closed', clients: 16 },
    batchSize: 1,
    wantedTexts: null,
    textLimit: 10_000_000,
    timeLimitMs: 10_000,
    rounds: 3,
    warmUpRequests: 16,
  });
});

test('a number of texts is bounded by an hour, a time by ten million texts, and both may be given', () => {
  assert.equal(plan({ texts: 500 })[0]?.timeLimitMs, 3_600_000);
  assert.equal(plan({ durationSeconds: 5 })[0]?.textLimit, 10_000_000);
  const [both] = plan({ texts: 500, durationSeconds: 5 });
  assert.deepEqual([both?.textLimit, both?.timeLimitMs], [500, 5000]);
});

test('a rate makes an open loop', () => {
  const [leg] = plan({ rate: 50, batchSize: 8 });
  assert.deepEqual(leg?.loop, { kind: 'open', perSecond: 50 });
  assert.equal(leg.title, 'open loop, 50 requests/s, batches of 8');
});

test('a comparison has five pairs of rounds unless told', () => {
  assert.equal(plan({ compare: 'http://b' })[0]?.rounds, 5);
  assert.equal(plan({ compare: 'http://b', repeat: 2 })[0]?.rounds, 2);
});

test('the classic test is 100,000 texts as single calls, in batches of 2,048, and 16 in flight', () => {
  const shapes = plan({ preset: 'classic' }).map(({ title, loop, batchSize, textLimit, rounds }) => ({
    title,
    clients: loop.kind === 'closed' ? loop.clients : null,
    batchSize,
    textLimit,
    rounds,
  }));
  const common = { textLimit: 100_000, rounds: 1 };
  assert.deepEqual(shapes, [
    { title: 'single calls', clients: 1, batchSize: 1, ...common },
    { title: 'batches of 2,048', clients: 1, batchSize: 2048, ...common },
    { title: '16 in flight', clients: 16, batchSize: 1, ...common },
  ]);
  assert.ok(plan({ preset: 'classic', texts: 300 }).every((leg) => leg.textLimit === 300));
});

test('options that contradict each other are refused', () => {
  assert.throws(() => plan({ rate: 5, clients: 2 }), { message: '--rate: has no place beside --clients' });
  for (const [settings, option] of [
    [{ rate: 5 }, '--rate'],
    [{ clients: 2 }, '--clients'],
    [{ batchSize: 2 }, '--batch-size'],
  ] as const) {
    assert.throws(() => plan({ preset: 'classic', ...settings }), {
      message: `${option}: has no place beside --preset classic`,
    });
  }
});

for (const [given, url, models] of [
  ['http://h:1', 'http://h:1/v1/embeddings', '/v1/models'],
  ['http://h:1/', 'http://h:1/v1/embeddings', '/v1/models'],
  ['http://h:1/v1/', 'http://h:1/v1/embeddings', '/v1/models'],
  ['http://h:1/v1/embeddings', 'http://h:1/v1/embeddings', '/v1/models'],
  ['https://h/openai/v2', 'https://h/openai/v2/embeddings', '/openai/v2/models'],
  ['https://h/proxy', 'https://h/proxy/v1/embeddings', '/proxy/v1/models'],
  ['https://u:secret@h/v1?x=1', 'https://h/v1/embeddings?x=1', '/v1/models?x=1'],
] as const) {
  test(`${given} is asked at ${url}`, () => {
    const endpoint = parseEndpoint('--url', given);
    assert.equal(endpoint.url, url);
    assert.equal(endpoint.modelsPath, models);
    assert.equal(endpoint.origin + endpoint.embeddingsPath, url);
  });
}

for (const given of ['', 'localhost:30000', 'ftp://h/', 'http://', 'http://h:99999']) {
  test(`${JSON.stringify(given)} is no address`, () => {
    assert.throws(() => parseEndpoint('--compare', given), { code: 'BAD_OPTION' });
  });
}
