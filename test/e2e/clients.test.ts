// The embeddings clients that people use from JavaScript, each as its documentation shows, against a listening server.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { createOpenAI } from '@ai-sdk/openai';
import { OpenAIEmbeddings } from '@langchain/openai';
import { OpenAIEmbedding } from '@llamaindex/openai';
import { embed, embedMany } from 'ai';

import { openServer } from '../../src/server/server.ts';
import { FakeEmbedder, fakeVector } from '../fixtures/fake-embedder.ts';

const MODEL_ID = 'Qwen/Qwen3-Embedding-0.6B';
const TEXTS = ['The capital of China is Beijing.', '重力是一种力', 'a third text'];
const expected = (text: string): Float32Array => fakeVector(text, 64);

async function serve(t: TestContext): Promise<string> {
  const model = { id: MODEL_ID, createdUnixSeconds: 1_700_000_000 };
  const server = await openServer({ host: '127.0.0.1', port: 0, model });
  t.after(() => server.close({ graceMs: 0 }));
  server.serve(new FakeEmbedder());
  return `${server.url}/v1`;
}

const same = (vectors: readonly (readonly number[])[], texts: readonly string[]): void => {
  assert.deepEqual(
    vectors.map((vector) => Float32Array.from(vector)),
    texts.map(expected),
  );
};

test('LangChain.js embeds documents and a query', async (t) => {
  const baseURL = await serve(t);
  const embeddings = new OpenAIEmbeddings({ model: MODEL_ID, apiKey: 'none', configuration: { baseURL } });
  same(await embeddings.embedDocuments(TEXTS), TEXTS);
  same([await embeddings.embedQuery('query')], ['query']);
});

test('the Vercel AI SDK embeds one value and many', async (t) => {
  const baseURL = await serve(t);
  const model = createOpenAI({ baseURL, apiKey: 'none' }).embeddingModel(MODEL_ID);
  const { embedding, usage } = await embed({ model, value: 'one' });
  same([embedding], ['one']);
  assert.equal(usage.tokens, 4);
  const { embeddings } = await embedMany({ model, values: TEXTS });
  same(embeddings, TEXTS);
});

test('LlamaIndex.TS embeds texts', async (t) => {
  const baseURL = await serve(t);
  const model = new OpenAIEmbedding({
    model: MODEL_ID,
    apiKey: 'none',
    additionalSessionOptions: { baseURL },
  });
  same(await model.getTextEmbeddings(TEXTS), TEXTS);
  same([await model.getTextEmbedding('one')], ['one']);
});
