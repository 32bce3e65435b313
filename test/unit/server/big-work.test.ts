import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Embeddings } from '../../../src/embedder.ts';
import {
  ENCODE_IN_PLACE_BYTES,
  PARSE_IN_PLACE_BYTES,
  readRequest,
  writeAnswer,
} from '../../../src/server/big-work.ts';
import { PLAIN_RULES } from '../../../src/server/request-rules.ts';
import { Threads, type ThreadsOptions } from '../../../src/server/threads.ts';
import { openServingServer, type EmbeddingsBody } from './open-test-server.ts';

const FALLING = new URL('../../fixtures/falling-thread-worker.js', import.meta.url);
const model = { dimensions: 64, contextTokens: 9, vocabularySize: 9, layers: 1, weightsType: 'F32' };

const ROWS = 3000;
const WIDTH = 128;

function makeEmbeddings(memory: ArrayBufferLike): Embeddings {
  const vectors = new Float32Array(memory);
  for (let i = 0; i < vectors.length; i += 1) vectors[i] = ((i * 7919) % 10007) / 10007;
  return {
    vectors,
    dimensions: WIDTH,
    tokenCounts: new Uint32Array(vectors.length / WIDTH).fill(2),
    cutCount: 0,
  };
}

const bodyOf = (characters: number) => Buffer.from(JSON.stringify({ input: ['é'.repeat(characters), 'b'] }));

/** Runs `work` and tells how many threads died meanwhile. */
async function withThreads<Value>(
  options: ThreadsOptions,
  work: (threads: Threads) => Promise<Value>,
): Promise<[Value, number]> {
  let deaths = 0;
  const threads = new Threads({ count: 2, onDeath: () => (deaths += 1), ...options });
  try {
    return [await work(threads), deaths];
  } finally {
    await threads.close();
  }
}

for (const encodingFormat of ['float', 'base64'] as const) {
  const shape = { frame: { shape: 'openai', modelId: 'm' } as const, encodingFormat };
  const textOf = (done: { value: Uint8Array[] }) => Buffer.concat(done.value).toString();

  test(`threads, one thread and no thread that lives write the same answer (${encodingFormat})`, async () => {
    const shared = makeEmbeddings(new SharedArrayBuffer(4 * ROWS * WIDTH));
    const own = makeEmbeddings(new ArrayBuffer(4 * ROWS * WIDTH));
    const [several, none] = await withThreads({}, (threads) => writeAnswer(threads, shared, shape));
    const [single] = await withThreads({ count: 1 }, (threads) => writeAnswer(threads, own, shape));
    const [rescued, deaths] = await withThreads({ entry: FALLING }, (threads) =>
      writeAnswer(threads, shared, shape),
    );
    const [copied] = await withThreads({ entry: FALLING }, (threads) => writeAnswer(threads, own, shape));
    const text = textOf(several);
    assert.ok([single, rescued, copied].every((done) => textOf(done) === text));
    assert.equal(none, 0);
    assert.ok(deaths > 0);
    const { data, usage } = JSON.parse(text) as EmbeddingsBody;
    assert.deepEqual(
      data.map(({ index }) => index),
      Array.from({ length: ROWS }, (_, index) => index),
    );
    assert.equal(usage.total_tokens, 2 * ROWS);
  });
}

test('a small answer and a small request need no thread', async () => {
  const [, deaths] = await withThreads({ entry: FALLING }, async (threads) => {
    const floats = Math.floor(ENCODE_IN_PLACE_BYTES / 12.5 / WIDTH) * WIDTH;
    const embeddings = makeEmbeddings(new ArrayBuffer(4 * floats));
    await writeAnswer(threads, embeddings, {
      frame: { shape: 'openai', modelId: 'm' } as const,
      encodingFormat: 'float',
    });
    await readRequest(threads, 'parse', {
      bytes: bodyOf(PARSE_IN_PLACE_BYTES / 2 - 100),
      model,
      rules: PLAIN_RULES,
    });
    await assert.rejects(readRequest(threads, 'parse', { bytes: undefined, model, rules: PLAIN_RULES }), {
      code: 'INVALID_REQUEST',
    });
  });
  assert.equal(deaths, 0);
});

test('a value that is not finite is found by whichever thread meets it', async () => {
  const embeddings = makeEmbeddings(new SharedArrayBuffer(4 * ROWS * WIDTH));
  embeddings.vectors[2500 * WIDTH] = Infinity;
  const work = withThreads({}, (threads) =>
    writeAnswer(threads, embeddings, {
      frame: { shape: 'openai', modelId: 'm' } as const,
      encodingFormat: 'float',
    }),
  );
  await assert.rejects(work, { code: 'VECTOR_NOT_FINITE', params: { index: 2500 } });
});

for (const [title, entry] of [
  ['in a thread', undefined],
  ['here when the thread dies', FALLING],
] as const) {
  test(`a big request is read ${title}, with every character in its place`, async () => {
    const body = bodyOf(PARSE_IN_PLACE_BYTES);
    const [done, deaths] = await withThreads(entry === undefined ? {} : { entry }, (threads) =>
      readRequest(threads, 'parse', { bytes: body, model, rules: PLAIN_RULES }),
    );
    assert.deepEqual(done.value.inputs, ['é'.repeat(PARSE_IN_PLACE_BYTES), 'b']);
    assert.equal(deaths, entry === undefined ? 0 : 1);
  });
}

test('token ids of a big request come from the thread as numbers that move, not one by one', async () => {
  const ids = Array.from({ length: PARSE_IN_PLACE_BYTES }, (_, i) => i % 9);
  const bytes = Buffer.from(JSON.stringify({ input: [ids, [1]] }));
  const [done, deaths] = await withThreads({}, (threads) =>
    readRequest(threads, 'parse', { bytes, model, rules: PLAIN_RULES }),
  );
  assert.deepEqual(done.value.inputs, [Int32Array.from(ids), Int32Array.of(1)]);
  assert.equal(deaths, 0);
});

test('a big request that is broken is refused like a small one', async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post(`{"input":["${'x'.repeat(PARSE_IN_PLACE_BYTES)}",]}`);
  assert.equal(answer.statusCode, 400);
  assert.match(answer.body, /the body is not JSON: .*"type":"invalid_request_error"/);
});
