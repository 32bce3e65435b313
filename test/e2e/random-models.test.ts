// Qwen3 models of shapes that nobody ships, converted and served: whatever config.json says must be in the vectors.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { convert } from '../../src/convert/convert.ts';
import { openEngine } from '../../src/engine/engine.ts';
import { embedTokens, type Yarn } from '../fixtures/forward.ts';
import { engineSettings } from '../fixtures/tiny-model.ts';
import { cosine, vectors } from '../fixtures/vectors.ts';
import {
  listSmallTensors,
  makeSmallModel,
  renderSafetensors,
  smallConfig,
  type TestTensor,
} from '../unit/convert/small-model.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

interface RandomModel {
  seed: number;
  hidden: number;
  layers: number;
  kvHeads: number;
  group: number;
  headDim: number;
  ffn: number;
  prefix: string;
  ropeTheta: number;
  epsilon: number;
  hasBias: boolean;
  yarn: Yarn | null;
  compute: 'llama' | 'graph';
}

const randomModel: fc.Arbitrary<RandomModel> = fc.record({
  seed: fc.nat(),
  hidden: fc.constantFrom(8, 36, 64, 100),
  layers: fc.integer({ min: 1, max: 3 }),
  kvHeads: fc.integer({ min: 1, max: 2 }),
  group: fc.constantFrom(1, 2, 5, 8),
  headDim: fc.constantFrom(8, 16, 64, 128),
  ffn: fc.constantFrom(24, 100),
  prefix: fc.constantFrom('', 'model.'),
  ropeTheta: fc.constantFrom(1e4, 1e6, 5e6),
  epsilon: fc.constantFrom(1e-5, 1e-6),
  compute: fc.constantFrom('llama', 'graph'),
  hasBias: fc.boolean(),
  yarn: fc.option(
    fc.record(
      {
        factor: fc.constantFrom(1.5, 4),
        originalTokens: fc.constantFrom(64, 1024),
        betaFast: fc.constantFrom(32, 8),
        betaSlow: fc.constantFrom(1, 2),
        attentionFactor: fc.constantFrom(0.8, 1.5),
      },
      { requiredKeys: ['factor', 'originalTokens', 'betaFast', 'betaSlow'] },
    ),
  ),
});

const VOCABULARY = 11;
const END = 8;
/** Of the small tokenizer; the end token last. */
const TEXTS = [
  [END],
  [0, END],
  [3, 1, 4, 1, 5, END],
  Array.from({ length: 40 }, (_, i) => (i < 39 ? (i * i) % 8 : END)),
];

const GGUF_NAMES: readonly [string, string][] = [
  ['embed_tokens', 'token_embd'],
  ['input_layernorm', 'attn_norm'],
  ['post_attention_layernorm', 'ffn_norm'],
  ['self_attn.o_proj', 'attn_output'],
  ['mlp.', 'ffn_'],
  ['self_attn.', 'attn_'],
  ['layers.', 'blk.'],
  ['_proj.', '.'],
];

function ggufName(name: string): string {
  const plain = name.replace(/^model\./, '');
  if (plain === 'norm.weight') return 'output_norm.weight';
  return GGUF_NAMES.reduce((done, [from, to]) => done.replace(from, to), plain);
}

/** Uniform between -1 and 1, the same for the same seed. */
function drawNumbers(seed: number, count: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function drawTensor(name: string, shape: number[], seed: number): TestTensor & { values: Float32Array } {
  const drawn = drawNumbers(
    seed,
    shape.reduce((product, length) => product * length, 1),
  );
  const isNorm = name.endsWith('norm.weight');
  const scale = shape.length === 2 && !name.includes('embed') ? Math.sqrt(3 / (shape[1] ?? 1)) : 0.5;
  const values = drawn.map((x) => (isNorm ? 1 : 0) + x * scale);
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer), values };
}

function drawTensors(model: RandomModel): ReturnType<typeof drawTensor>[] {
  const { kvHeads, group, headDim, prefix } = model;
  const heads = kvHeads * group;
  const names = listSmallTensors({ ...model, heads, vocab: VOCABULARY }, prefix);
  for (const [part, count] of model.hasBias ? [['q', heads] as const, ['v', kvHeads] as const] : [])
    names.push([`${prefix}layers.0.self_attn.${part}_proj.bias`, [count * headDim]]);
  return names.map(([name, shape], i) => drawTensor(name, shape, model.seed + i * 7919));
}

function writeFolder(model: RandomModel, tensors: TestTensor[]): string {
  const { yarn } = model;
  const shape = { ...model, heads: model.kvHeads * model.group, vocab: VOCABULARY };
  const scaling = yarn && {
    rope_type: 'yarn',
    factor: yarn.factor,
    original_max_position_embeddings: yarn.originalTokens,
    beta_fast: yarn.betaFast,
    beta_slow: yarn.betaSlow,
    ...(yarn.attentionFactor === undefined ? {} : { attention_factor: yarn.attentionFactor }),
  };
  const config = { rope_theta: model.ropeTheta, rms_norm_eps: model.epsilon, rope_scaling: scaling };
  return makeSmallModel({
    'config.json': { ...smallConfig(shape), ...config },
    'model.safetensors': renderSafetensors(tensors),
  });
}

async function checkModel(model: RandomModel): Promise<void> {
  const tensors = drawTensors(model);
  const modelFolder = writeFolder(model, tensors);
  const { outfile } = await convert({
    modelFolder,
    outtype: 'f32',
    outfile: join(makeTemporaryFolder(), 'm.gguf'),
  });
  const isPlain = !model.hasBias && model.yarn === null;
  const engine = openEngine(engineSettings(outfile, { compute: isPlain ? model.compute : 'llama' }));
  try {
    const weights = new Map(tensors.map(({ name, values }) => [ggufName(name), values]));
    const { yarn, ...rest } = model;
    const shape = { ...rest, heads: model.kvHeads * model.group, headDim: model.headDim };
    const rows = await vectors(engine, TEXTS);
    for (const [i, tokens] of TEXTS.entries()) {
      const expected = embedTokens(
        tokens,
        yarn === null ? shape : { ...shape, yarn },
        (name) => weights.get(name) ?? (name.endsWith('.bias') ? [] : assert.fail(name)),
      );
      const got = cosine(rows[i] ?? [], expected);
      assert.ok(got > 0.99999, `${String(tokens.length)} tokens: cosine ${String(got)}`);
    }
  } finally {
    await engine.close();
  }
}

test('a folder of any shape of Qwen3 gives the vectors of a forward pass in float64', async () => {
  await fc.assert(fc.asyncProperty(randomModel, checkModel), { seed: 1, numRuns: 10 });
});
