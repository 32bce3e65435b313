import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../../src/config/options.ts';
import { readModelOverrides, settleContext } from '../../../src/launch/model-overrides.ts';

const ANY = { dimensions: null, contextTokens: null };

test('without overrides any dimensions and the whole context are there', () => {
  for (const args of [null, {}, { is_matryoshka: true }]) assert.deepEqual(readModelOverrides(args), ANY);
});

test('overrides say which dimensions may be asked for', () => {
  const lengths = (args: object) => readModelOverrides({ ...args }).dimensions;
  assert.deepEqual(lengths({ matryoshka_dimensions: [128, 1536] }), [128, 1536]);
  assert.deepEqual(lengths({ is_matryoshka: false }), []);
  assert.deepEqual(lengths({ matryoshka_dimensions: [128], is_matryoshka: true }), [128]);
});

test('max_position_embeddings bounds the context as --context-length does; the smaller counts', () => {
  const settle = (tokens: number, contextLength: number | null) => {
    const modelOverrides = { max_position_embeddings: tokens };
    return settleContext({ ...defaultsOf('launch'), contextLength, modelOverrides }).contextLength;
  };
  assert.deepEqual([settle(512, null), settle(512, 1024), settle(1024, 512)], [512, 512, 512]);
});

test('a key that would change the arithmetic is refused by name, and so is a value of the wrong kind', () => {
  assert.throws(() => readModelOverrides({ rope_theta: 10_000 }), {
    code: 'BAD_OPTION',
    message: '--json-model-override-args: "rope_theta" would change what the weights compute',
  });
  for (const wrong of [
    { is_matryoshka: 'yes' },
    { matryoshka_dimensions: [0.5] },
    { matryoshka_dimensions: 128 },
    { max_position_embeddings: 0 },
  ])
    assert.throws(() => readModelOverrides(wrong), { code: 'BAD_OPTION' });
});
