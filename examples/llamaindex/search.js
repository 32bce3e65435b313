// LlamaIndex.TS over a running server: an index in memory, and the documents that are nearest to a question.
import { OpenAIEmbedding } from '@llamaindex/openai';
import { Document, Settings, VectorStoreIndex } from 'llamaindex';

const additionalSessionOptions = { baseURL: process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:30000/v1' };
const apiKey = process.env.OPENAI_API_KEY ?? 'none';

/** LlamaIndex asks for a query by another method than for documents, so that each can say what it is. */
class QwenEmbedding extends OpenAIEmbedding {
  async getTextEmbedding(text) {
    return (await this.embed([text], 'document'))[0];
  }

  getTextEmbeddings = (texts) => this.embed(texts, 'document');

  async getQueryEmbedding({ text }) {
    return (await this.embed([text], 'query'))[0];
  }

  async embed(input, inputType) {
    const client = await this.session;
    const { data } = await client.embeddings.create({ model: this.model, input, input_type: inputType });
    return data.map(({ embedding }) => embedding);
  }
}

Settings.embedModel = new QwenEmbedding({
  model: 'default',
  embedBatchSize: 64,
  apiKey,
  additionalSessionOptions,
});

const index = await VectorStoreIndex.fromDocuments(
  [
    'The capital of China is Beijing.',
    'Gravity is a force that attracts two bodies towards each other.',
    'An invoice is a bill for goods or services.',
  ].map((text) => new Document({ text })),
);
const found = await index
  .asRetriever({ similarityTopK: 2 })
  .retrieve({ query: 'What is the capital of China?' });
for (const { node } of found) console.log(node.getContent('NONE'));
