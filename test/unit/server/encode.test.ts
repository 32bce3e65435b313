import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Embeddings } from '../../../src/embedder.ts';
import {
  type EncodingFormat,
  encodeRows,
  type Frame,
  renderHead,
  renderTail,
} from '../../../src/server/encode.ts';
import type { EmbeddingsBody } from './open-test-server.ts';

function embeddingsOf(vectors: Float32Array, dimensions: number): Embeddings {
  return {
    vectors,
    dimensions,
    tokenCounts: new Uint32Array(vectors.length / dimensions).fill(3),
    cutCount: 0,
  };
}

const OPENAI: Frame = { shape: 'openai', modelId: 'm' };

function encode(embeddings: Embeddings, encodingFormat: EncodingFormat, frame = OPENAI): string {
  const { vectors, dimensions } = embeddings;
  const rows = encodeRows({ vectors, dimensions, firstIndex: 0, encodingFormat, frame });
  return Buffer.concat([renderHead(frame), ...rows, renderTail(frame, embeddings)]).toString();
}

test('the answer has the keys of the OpenAI contract, in its order', () => {
  const text = encode(embeddingsOf(Float32Array.of(0.6, 0.8, -1, 0), 2), 'float');
  assert.equal(
    text,
    '{"object":"list","data":[' +
      '{"object":"embedding","index":0,"embedding":[0.6,0.8]},' +
      '{"object":"embedding","index":1,"embedding":[-1,0]}' +
      '],"model":"m","usage":{"prompt_tokens":6,"total_tokens":6}}',
  );
});

test("SGLang's answer is an object for one input, a list for a list, each with its own meta_info", () => {
  const metaInfo = ['{"id":"ä"}', '{"id":"b"}'];
  const two = embeddingsOf(Float32Array.of(0.6, 0.8, -1, 0), 2);
  assert.equal(
    encode(two, 'float', { shape: 'sglang', isList: true, metaInfo }),
    '[{"embedding":[0.6,0.8],"meta_info":{"id":"ä"}},{"embedding":[-1,0],"meta_info":{"id":"b"}}]',
  );
  const one = embeddingsOf(Float32Array.of(0.6, 0.8), 2);
  assert.equal(
    encode(one, 'float', { shape: 'sglang', isList: false, metaInfo }),
    '{"embedding":[0.6,0.8],"meta_info":{"id":"ä"}}',
  );
});

test('a meta_info of any length fits', () => {
  const metaInfo = [JSON.stringify({ id: 'x'.repeat(100_000) })];
  const text = encode(embeddingsOf(Float32Array.of(1), 1), 'float', {
    shape: 'sglang',
    isList: true,
    metaInfo,
  });
  assert.equal(text, `[{"embedding":[1],"meta_info":${metaInfo[0] ?? ''}}]`);
});

test('base64 is little-endian float32, padded', () => {
  const text = encode(embeddingsOf(Float32Array.of(1), 1), 'base64');
  const { data } = JSON.parse(text) as EmbeddingsBody;
  assert.equal(data[0]?.embedding, 'AACAPw==');
});

test('floats and base64 carry the same vectors', () => {
  const rows = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(rows, { minLength: 1, maxLength: 5 }), (values) => {
      const embeddings = embeddingsOf(Float32Array.from(values.flat()), 4);
      const floats = JSON.parse(encode(embeddings, 'float')) as EmbeddingsBody;
      const packed = JSON.parse(encode(embeddings, 'base64')) as EmbeddingsBody;
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
  test(`blocks of any slice of the rows make up the same text (${encodingFormat})`, () => {
    const rows = 300;
    const dimensions = 512;
    const vectors = Float32Array.from({ length: rows * dimensions }, (_, i) => ((i * 7919) % 10007) / 10007);
    const blocksOf = (first: number, end: number) => [
      ...encodeRows({
        vectors: vectors.subarray(first * dimensions, end * dimensions),
        dimensions,
        firstIndex: first,
        encodingFormat,
        frame: OPENAI,
      }),
    ];
    const whole = blocksOf(0, rows);
    assert.ok(whole.length > 4);
    const sliced = [...blocksOf(0, 1), ...blocksOf(1, 120), ...blocksOf(120, rows)];
    assert.ok(Buffer.concat(whole).equals(Buffer.concat(sliced)));
    const data = JSON.parse(`[${Buffer.concat(whole).toString()}]`) as EmbeddingsBody['data'];
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

test('a value that is not finite is VECTOR_NOT_FINITE with the index of its input', () => {
  const embeddings = embeddingsOf(Float32Array.of(1, 0, NaN, 0), 2);
  assert.throws(() => encode(embeddings, 'float'), { code: 'VECTOR_NOT_FINITE', params: { index: 1 } });
});
