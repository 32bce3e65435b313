// The embeddings clients that people use from JavaScript, each as its documentation shows, against a listening server.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { createOpenAI } from '@ai-sdk/openai';
import { OpenAIEmbeddings } from '@langchain/openai';
import { OpenAIEmbedding } from '@llamaindex/openai';
import { APICallError, embed, embedMany } from 'ai';

import { Fault } from '../../src/faults.ts';
import { openServer, type ServerOptions } from '../../src/server/server.ts';
import { FakeEmbedder, fakeVector } from '../fixtures/fake-embedder.ts';

const MODEL_ID = 'Qwen/Qwen3-Embedding-0.6B';
const TEXTS = ['The capital of China is Beijing.', '重力是一种力', 'a third text'];
const expected = (text: string): Float32Array => fakeVector(text, 64);

interface Served {
  baseURL: string;
  embedder: FakeEmbedder;
}

async function serve(t: TestContext, options: Partial<ServerOptions> = {}): Promise<Served> {
  const model = { id: MODEL_ID, createdUnixSeconds: 1_700_000_000 };
  const server = await openServer({ host: '127.0.0.1', port: 0, model, ...options });
  t.after(() => server.close({ graceMs: 0 }));
  const embedder = new FakeEmbedder();
  server.serve(embedder);
  return { baseURL: `${server.url}/v1`, embedder };
}

const same = (vectors: readonly (readonly number[])[], texts: readonly string[]): void => {
  assert.deepEqual(
    vectors.map((vector) => Float32Array.from(vector)),
    texts.map(expected),
  );
};

test('LangChain.js embeds documents and a query', async (t) => {
  const { baseURL } = await serve(t);
  const embeddings = new OpenAIEmbeddings({ model: MODEL_ID, apiKey: 'none', configuration: { baseURL } });
  same(await embeddings.embedDocuments(TEXTS), TEXTS);
  same([await embeddings.embedQuery('query')], ['query']);
});

test('the Vercel AI SDK embeds one value and many', async (t) => {
  const { baseURL } = await serve(t);
  const model = createOpenAI({ baseURL, apiKey: 'none' }).embeddingModel(MODEL_ID);
  const { embedding, usage } = await embed({ model, value: 'one' });
  same([embedding], ['one']);
  assert.equal(usage.tokens, 4);
  const { embeddings } = await embedMany({ model, values: TEXTS });
  same(embeddings, TEXTS);
});

test('LlamaIndex.TS embeds texts', async (t) => {
  const { baseURL } = await serve(t);
  const model = new OpenAIEmbedding({
    model: MODEL_ID,
    apiKey: 'none',
    additionalSessionOptions: { baseURL },
  });
  same(await model.getTextEmbeddings(TEXTS), TEXTS);
  same([await model.getTextEmbedding('one')], ['one']);
});

// What a client gets beyond one small request: each row opens it as its users do, with 32 dimensions.
interface Client {
  name: string;
  /** Texts that it sends in one request. */
  chunk: number;
  open: (baseURL: string) => (texts: string[]) => Promise<number[][]>;
  /** Its own error for each status. */
  refusals: { 400: object; 401: object; 429: object };
}

const langChainError = (lc_error_code: string) => ({ lc_error_code });

const CLIENTS: readonly Client[] = [
  {
    name: 'LangChain.js',
    chunk: 512,
    open: (baseURL) => {
      const shape = { model: MODEL_ID, apiKey: 'wrong', dimensions: 32, maxRetries: 0 };
      const embeddings = new OpenAIEmbeddings({ ...shape, configuration: { baseURL } });
      return (texts) => embeddings.embedDocuments(texts);
    },
    refusals: {
      400: { status: 400 },
      401: { status: 401, ...langChainError('MODEL_AUTHENTICATION') },
      429: { status: 429, ...langChainError('MODEL_RATE_LIMIT') },
    },
  },
  {
    name: 'the Vercel AI SDK',
    chunk: 2048,
    open: (baseURL) => {
      const model = createOpenAI({ baseURL, apiKey: 'wrong' }).embeddingModel(MODEL_ID);
      const providerOptions = { openai: { dimensions: 32 } };
      return async (values) =>
        (await embedMany({ model, values, providerOptions, maxRetries: 0 })).embeddings;
    },
    refusals: {
      400: { statusCode: 400, isRetryable: false },
      401: { statusCode: 401, isRetryable: false },
      429: { statusCode: 429, isRetryable: true },
    },
  },
  {
    name: 'LlamaIndex.TS',
    chunk: 10,
    open: (baseURL) => {
      const shape = { model: MODEL_ID, apiKey: 'wrong', dimensions: 32, maxRetries: 0 };
      const model = new OpenAIEmbedding({ ...shape, additionalSessionOptions: { baseURL } });
      return (texts) => model.getTextEmbeddingsBatch(texts);
    },
    refusals: { 400: { status: 400 }, 401: { status: 401 }, 429: { status: 429 } },
  },
];

for (const { name, chunk, open, refusals } of CLIENTS) {
  test(`${name} gets more texts than it sends at once, in order and in the dimensions asked for`, async (t) => {
    const { baseURL, embedder } = await serve(t);
    const texts = Array.from({ length: 2 * chunk + 1 }, (_, i) => `text ${String(i)}`);
    const vectors = await open(baseURL)(texts);
    assert.deepEqual(
      vectors.map((vector) => Float32Array.from(vector)),
      texts.map((text) => fakeVector(text, 64, 32)),
    );
    assert.deepEqual(
      embedder.calls.map(({ inputs }) => inputs.length).sort((a, b) => b - a),
      [chunk, chunk, 1],
    );
  });

  test(`${name} tells a bad request, a wrong key and a full queue apart`, async (t) => {
    const { baseURL, embedder } = await serve(t);
    const send = open(baseURL);
    await assert.rejects(send(['a', '']), refusals[400]);
    embedder.failNext(new Fault('OVERLOADED', { what: 'requests wait', count: 9, limit: 8 }));
    await assert.rejects(send(['a']), refusals[429]);
    const locked = await serve(t, { keys: { api: 'right', admin: null } });
    await assert.rejects(open(locked.baseURL)(['a']), refusals[401]);
  });
}

test('the Vercel AI SDK is told in our words what is wrong, and aborts the work', async (t) => {
  const { baseURL, embedder } = await serve(t);
  const model = createOpenAI({ baseURL, apiKey: 'none' }).embeddingModel(MODEL_ID);
  await assert.rejects(embed({ model, value: '', maxRetries: 0 }), (error) => {
    assert.ok(APICallError.isInstance(error));
    assert.equal(error.message, 'input 0 is empty');
    return true;
  });
  embedder.hold();
  const hangUp = new AbortController();
  const answer = embed({ model, value: 'a', abortSignal: hangUp.signal });
  while (embedder.calls.length === 0) await new Promise(setImmediate);
  hangUp.abort();
  await assert.rejects(answer, { name: 'AbortError' });
  while (embedder.cancelledCount === 0) await new Promise(setImmediate);
});

// Neither takes a signal: what their users have is a timeout.
const TIMEOUT = { model: MODEL_ID, apiKey: 'none', timeout: 300, maxRetries: 0 };
for (const [name, embedOne] of Object.entries<(baseURL: string) => Promise<number[]>>({
  'LangChain.js': (baseURL) =>
    new OpenAIEmbeddings({ ...TIMEOUT, configuration: { baseURL } }).embedQuery('a'),
  'LlamaIndex.TS': (baseURL) =>
    new OpenAIEmbedding({ ...TIMEOUT, additionalSessionOptions: { baseURL } }).getTextEmbedding('a'),
}))
  test(`${name} gives up after its timeout, and the work is dropped`, async (t) => {
    const { baseURL, embedder } = await serve(t);
    embedder.hold();
    // On a busy machine a call may give up before it has arrived.
    do await assert.rejects(embedOne(baseURL), /timed out/i);
    while (embedder.calls.length === 0);
    while (embedder.cancelledCount < embedder.calls.length) await new Promise(setImmediate);
  });
