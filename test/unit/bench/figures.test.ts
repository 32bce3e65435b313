// From what happened to figures, ratios and words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRounds, tokensPerText } from '../../../src/bench/compare.ts';
import { parseEndpoint } from '../../../src/client/endpoint.ts';
import { planLegs } from '../../../src/bench/plan.ts';
import { Recorder, type Round } from '../../../src/bench/record.ts';
import { renderJson } from '../../../src/bench/report-json.ts';
import { collectNotes, renderReport } from '../../../src/bench/report.ts';
import type { BenchResult } from '../../../src/bench/run.ts';
import { percentile, Samples, summarise } from '../../../src/bench/statistics.ts';

const [LEG] = planLegs({
  clients: 2,
  rate: null,
  batchSize: null,
  texts: 100,
  durationSeconds: null,
  repeat: 2,
  warmUp: null,
  preset: null,
  compare: null,
});
assert.ok(LEG !== undefined);

function makeRound(changes: Partial<Round> = {}): Round {
  const recorder = new Recorder();
  for (let i = 1; i <= 100; i++) recorder.addSuccess(i, 1, 33);
  return { ...recorder.finish({ end: 'texts', elapsedMs: 2000, cpuMs: 100 }), ...changes };
}

function makeResult(
  rounds: Round[][],
  vectors = [Float32Array.of(1, 0), Float32Array.of(1, 0)],
): BenchResult {
  const servers = rounds.map((_, index) => ({
    endpoint: parseEndpoint('--url', `http://server${String(index)}`),
    facts: {
      modelId: 'm',
      dimensions: 2,
      encodingFormat: 'base64' as const,
      probeTokens: 8,
      probeVector: vectors[index] ?? new Float32Array(2),
    },
  }));
  return {
    servers,
    legs: [{ leg: LEG as NonNullable<typeof LEG>, rounds, stages: rounds.map(() => null) }],
    interrupted: false,
  };
}

test('a percentile is the smallest value that enough values do not exceed', () => {
  const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual(
    [0, 0.5, 0.95, 0.99, 1].map((share) => percentile(sorted, share)),
    [1, 50, 95, 99, 100],
  );
  assert.equal(percentile(Float64Array.of(4), 0.99), 4);
  assert.ok(Number.isNaN(percentile(new Float64Array(0), 0.5)));
});

test('samples grow and come back in order', () => {
  const samples = new Samples();
  for (let i = 5000; i > 0; i--) samples.add(i);
  assert.deepEqual(
    samples.sorted(),
    Float64Array.from({ length: 5000 }, (_, i) => i + 1),
  );
});

test('a spread is median, least and most; one missing value leaves none', () => {
  assert.deepEqual(summarise([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(summarise([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  assert.equal(summarise([1, null]), null);
  assert.equal(summarise([]), null);
});

test('a round is summed up over the time to its last answer', () => {
  const round = makeRound();
  assert.equal(round.textsPerSecond, 50);
  assert.equal(round.tokensPerSecond, 1650);
  assert.equal(round.generatorCores, 0.05);
  assert.deepEqual(round.latencyMs, { mean: 50.5, p50: 50, p95: 95, p99: 99, max: 100 });
});

test('one answer without a count of tokens leaves no tokens/s', () => {
  const recorder = new Recorder();
  recorder.addSuccess(1, 1, 5);
  recorder.addSuccess(1, 1, null);
  assert.equal(recorder.finish({ end: 'texts', elapsedMs: 1, cpuMs: 0 }).tokensPerSecond, null);
});

test('errors are counted by status and code, the most frequent first', () => {
  const recorder = new Recorder();
  recorder.addFailure({ status: 500, code: 'a' });
  for (let i = 0; i < 3; i++) recorder.addFailure({ status: 429, code: 'b' });
  recorder.addFailure({ status: null, code: 'ECONNRESET' });
  const { errors, failures } = recorder.finish({ end: 'texts', elapsedMs: 1, cpuMs: 0 });
  assert.equal(failures, 5);
  assert.deepEqual(
    errors.map(({ status, count }) => [status, count]),
    [
      [429, 3],
      [500, 1],
      [null, 1],
    ],
  );
});

test('ratios are taken pair by pair, so that a drift of the machine cancels', () => {
  const rates = (values: number[]) => values.map((textsPerSecond) => makeRound({ textsPerSecond }));
  const result = makeResult([rates([20, 40, 90]), rates([10, 20, 30])]);
  const ratios = result.legs[0] && compareRounds(result.legs[0]);
  assert.deepEqual(ratios?.textsPerSecond, { median: 2, min: 2, max: 3 });
  assert.deepEqual(ratios.p50, { median: 1, min: 1, max: 1 });
  assert.equal(compareRounds({ rounds: [[makeRound()]] }), null);
});

test('a report shows each figure with its spread, the counts and the errors', () => {
  const errors = [{ status: 429, code: 'overloaded', count: 3 }];
  const report = renderReport(
    makeResult([[makeRound(), makeRound({ textsPerSecond: 70, failures: 3, errors })]]),
    'texts',
  );
  assert.equal(
    report,
    [
      'http://server0/v1/embeddings  m, 2 dimensions in base64',
      'texts',
      '',
      'closed loop, 2 clients, single texts, 2 rounds',
      '                  median         min         max',
      '  texts/s           60.0        50.0        70.0',
      '  tokens/s         1,650       1,650       1,650',
      '  p50 ms            50.0        50.0        50.0',
      '  p95 ms            95.0        95.0        95.0',
      '  p99 ms            99.0        99.0        99.0',
      '  200 texts answered in 200 requests; 3 requests failed',
      '  the generator used 5 % of one core',
      '  HTTP 429 overloaded: 3',
    ].join('\n'),
  );
});

test('a comparison is reported as A, B and A / B', () => {
  const report = renderReport(makeResult([[makeRound()], [makeRound({ textsPerSecond: 25 })]]), 'texts');
  assert.match(report, /^A {2}http:\/\/server0\S+ .*\nB {2}http:\/\/server1/);
  assert.match(report, /\n {2}A \/ B +median +min +max\n {2}texts\/s +2\.000 +2\.000 +2\.000\n/);
});

test('notes tell what makes figures worthless', () => {
  assert.deepEqual(collectNotes(makeResult([[makeRound()]])), []);
  assert.deepEqual(collectNotes(makeResult([[makeRound({ generatorCores: 0.9, end: 'time' })]])), [
    'the time was over before all texts were sent',
    'the generator was busy (90 % of one core) and may be the limit',
  ]);
  const pair = [[makeRound()], [makeRound({ tokens: 3200 })]];
  assert.deepEqual(collectNotes(makeResult(pair, [Float32Array.of(1, 0), Float32Array.of(0, 1)])), [
    'the servers disagree on the same text (cosine 0.0000): not the same model or pooling',
    'the servers count different tokens per text (33.00 and 32.00): compare texts/s',
  ]);
});

test('tokens per text need a server that counts', () => {
  assert.equal(tokensPerText([makeRound(), makeRound()]), 33);
  assert.equal(tokensPerText([makeRound({ tokens: null })]), null);
});

test('the JSON report says what was run on what', () => {
  const json = renderJson(makeResult([[makeRound()], [makeRound()]]), { command: 'c', load: { seed: 1 } });
  assert.equal(json.command, 'c');
  assert.equal(json.machine['node'], process.version);
  assert.equal(json.cosine, 1);
  assert.deepEqual(json.legs[0]?.servers[0]?.summary.textsPerSecond, { median: 50, min: 50, max: 50 });
  assert.equal(json.legs[0].ratio?.textsPerSecond?.median, 1);
});

test("a server's own counters become seconds per stage and shares of the work, waiting left out", () => {
  const result = makeResult([[makeRound()]]);
  const stages = new Map([
    ['tokenise', 0.5],
    ['queue', 20],
    ['decode', 1.5],
  ]);
  const [leg] = result.legs;
  assert.ok(leg);
  const told = { ...result, legs: [{ ...leg, stages: [stages] }] };
  const text = renderReport(told, 'texts');
  assert.match(
    text,
    /where time went, all workers together\n +tokenise +0\.500 s +25\.0 %\n +queue +20\.0 s +waiting/,
  );
  const json = renderJson(told, { command: '', load: {} });
  assert.deepEqual(json.legs[0]?.servers[0]?.stages, [
    { stage: 'tokenise', seconds: 0.5, share: 0.25 },
    { stage: 'queue', seconds: 20, share: null },
    { stage: 'decode', seconds: 1.5, share: 0.75 },
  ]);
});

test('a server that tells no stages has none in its report', () => {
  const result = makeResult([[makeRound()]]);
  assert.ok(!renderReport(result, 'texts').includes('where time went'));
  assert.equal(renderJson(result, { command: '', load: {} }).legs[0]?.servers[0]?.stages, null);
});
