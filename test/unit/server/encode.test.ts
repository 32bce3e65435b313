import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Embeddings } from '../../../src/embedder.ts';
import { encodeEmbeddings, type EncodingFormat } from '../../../src/server/encode.ts';
import type { EmbeddingsBody } from './open-test-server.ts';

function embeddingsOf(vectors: Float32Array, dimensions: number): Embeddings {
  return { vectors, dimensions, tokenCounts: new Uint32Array(vectors.length / dimensions).fill(3) };
}

async function encode(embeddings: Embeddings, encodingFormat: EncodingFormat): Promise<string> {
  return Buffer.concat(await encodeEmbeddings(embeddings, { modelId: 'm', encodingFormat })).toString();
}

test('the answer has the keys of the OpenAI contract, in its order', async () => {
  const text = await encode(embeddingsOf(Float32Array.of(0.6, 0.8, -1, 0), 2), 'float');
  assert.equal(
    text,
    '{"object":"list","data":[' +
      '{"object":"embedding","index":0,"embedding":[0.6,0.8]},' +
      '{"object":"embedding","index":1,"embedding":[-1,0]}' +
      '],"model":"m","usage":{"prompt_tokens":6,"total_tokens":6}}',
  );
});

test('base64 is little-endian float32, padded', async () => {
  const text = await encode(embeddingsOf(Float32Array.of(1), 1), 'base64');
  const { data } = JSON.parse(text) as EmbeddingsBody;
  assert.equal(data[0]?.embedding, 'AACAPw==');
});

test('floats and base64 carry the same vectors', async () => {
  const rows = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 5 }), async (values) => {
      const embeddings = embeddingsOf(Float32Array.from(values.flat()), 4);
      const floats = JSON.parse(await encode(embeddings, 'float')) as EmbeddingsBody;
      const packed = JSON.parse(await encode(embeddings, 'base64')) as EmbeddingsBody;
      for (const [index, { embedding }] of packed.data.entries()) {
        const bytes = new Uint8Array(Buffer.from(embedding as string, 'base64'));
        assert.deepEqual(new Float32Array(bytes.buffer), Float32Array.from(values[index] ?? []));
        assert.deepEqual(
          Float32Array.from(floats.data[index]?.embedding as number[]),
          new Float32Array(bytes.buffer),
        );
      }
    }),
  );
});

for (const encodingFormat of ['float', 'base64'] as const) {
  test(`an answer of several blocks keeps every row in its place (${encodingFormat})`, async () => {
    const rows = 300;
    const dimensions = 512;
    const vectors = Float32Array.from({ length: rows * dimensions }, (_, i) => ((i * 7919) % 10007) / 10007);
    const pieces = await encodeEmbeddings(embeddingsOf(vectors, dimensions), {
      modelId: 'm',
      encodingFormat,
    });
    assert.ok(pieces.length > 4);
    const { data } = JSON.parse(Buffer.concat(pieces).toString()) as EmbeddingsBody;
    assert.deepEqual(
      data.map(({ index }) => index),
      Array.from({ length: rows }, (_, index) => index),
    );
    const last = data.at(-1)?.embedding;
    const read =
      typeof last === 'string'
        ? new Float32Array(new Uint8Array(Buffer.from(last, 'base64')).buffer)
        : Float32Array.from(last ?? []);
    assert.deepEqual(read, vectors.subarray((rows - 1) * dimensions));
  });
}

test('a value that is not finite is VECTOR_NOT_FINITE with the index of its input', async () => {
  const embeddings = embeddingsOf(Float32Array.of(1, 0, NaN, 0), 2);
  await assert.rejects(encode(embeddings, 'float'), { code: 'VECTOR_NOT_FINITE', params: { index: 1 } });
});

test('the event loop gets a turn between blocks', async () => {
  let turns = 0;
  const timer = setImmediate(function count() {
    turns++;
    setImmediate(count).unref();
  });
  await encode(embeddingsOf(new Float32Array(2000 * 256), 256), 'float');
  clearImmediate(timer);
  assert.ok(turns >= 5, `${String(turns)} turns`);
});
