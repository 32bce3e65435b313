// LangChain.js over a running server: an Embeddings class that says what is a query and what is a document, and a
// ranking of a few documents. LangChain's own OpenAIEmbeddings works too, but cannot say input_type: launch the server
// with --default-prompt-name query where queries and documents are embedded by different processes.
import { Embeddings } from '@langchain/core/embeddings';
import { Document } from '@langchain/core/documents';
import { VectorStore } from '@langchain/core/vectorstores';
import OpenAI from 'openai';

const TEXTS_PER_REQUEST = 256;

export class QwenEmbeddings extends Embeddings {
  constructor({ baseURL, model = 'default', dimensions }) {
    super({});
    this.client = new OpenAI({ baseURL, apiKey: process.env.OPENAI_API_KEY ?? 'none' });
    this.request = { model, ...(dimensions === undefined ? {} : { dimensions }) };
  }

  async embedDocuments(texts) {
    const vectors = [];
    for (let at = 0; at < texts.length; at += TEXTS_PER_REQUEST)
      vectors.push(...(await this.embed(texts.slice(at, at + TEXTS_PER_REQUEST), 'document')));
    return vectors;
  }

  async embedQuery(text) {
    return (await this.embed([text], 'query'))[0];
  }

  async embed(input, inputType) {
    const request = { ...this.request, input, input_type: inputType };
    const { data } = await this.caller.call(() => this.client.embeddings.create(request));
    return data.map(({ embedding }) => embedding);
  }
}

/** A store in memory, to keep the example to one file; any store of LangChain's takes the same embeddings. */
class MemoryStore extends VectorStore {
  rows = [];

  _vectorstoreType() {
    return 'memory';
  }

  async addDocuments(documents) {
    const texts = documents.map(({ pageContent }) => pageContent);
    await this.addVectors(await this.embeddings.embedDocuments(texts), documents);
  }

  async addVectors(vectors, documents) {
    this.rows.push(...vectors.map((vector, i) => ({ vector, document: documents[i] })));
  }

  async similaritySearchVectorWithScore(query, k) {
    // Vectors have length 1: the inner product is the cosine.
    const cosine = (vector) => vector.reduce((sum, x, i) => sum + x * query[i], 0);
    return this.rows
      .map(({ vector, document }) => [document, cosine(vector)])
      .sort(([, a], [, b]) => b - a)
      .slice(0, k);
  }
}

const embeddings = new QwenEmbeddings({
  baseURL: process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:30000/v1',
});
const store = new MemoryStore(embeddings, {});
await store.addDocuments(
  [
    'The capital of China is Beijing.',
    'Gravity is a force that attracts two bodies towards each other.',
    'An invoice is a bill for goods or services.',
  ].map((pageContent) => new Document({ pageContent })),
);
const retriever = store.asRetriever({ k: 2 });
for (const { pageContent } of await retriever.invoke('What is the capital of China?'))
  console.log(pageContent);
