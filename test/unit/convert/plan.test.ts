import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import test from 'node:test';

import { planConversion } from '../../../src/convert/plan.ts';
import type { Outtype } from '../../../src/convert/tensor-plan.ts';
import {
  assertFault,
  listSmallTensors,
  makeSmallModel,
  renderSafetensors,
  SMALL_SHAPE,
  smallConfig,
  smallTokenizer,
  zeros,
  type Dtype,
  type TestTensor,
} from './small-model.ts';

const warnings: string[] = [];

function plan(
  files: Record<string, unknown> = {},
  outtype: Outtype | 'auto' = 'bf16',
): ReturnType<typeof planConversion> {
  warnings.length = 0;
  const modelFolder = makeSmallModel(files);
  return planConversion({ modelFolder, outtype, onWarning: (message) => warnings.push(message) });
}

const config = (changes: Record<string, unknown>): Record<string, unknown> => ({
  'config.json': { ...smallConfig(), ...changes },
});

/** The small model's weights in one dtype, changed. */
function weights(
  change: (tensors: TestTensor[]) => TestTensor[],
  dtype: Dtype = 'BF16',
): Record<string, unknown> {
  const tensors = listSmallTensors(SMALL_SHAPE).map(([name, shape]) => zeros(name, shape, dtype));
  return { 'model.safetensors': renderSafetensors(change(tensors)) };
}

const same = (tensors: TestTensor[]): TestTensor[] => tensors;
const has = (header: Buffer, key: string): boolean => header.includes(key);

test('norms become F32, matrices the out type, token_embd among them', () => {
  const types = new Map(plan({}, 'q8_0').tensors.map(({ name, type }) => [name, type]));
  assert.equal(types.get('token_embd.weight'), 'Q8_0');
  assert.equal(types.get('blk.0.attn_q.weight'), 'Q8_0');
  assert.equal(types.get('blk.0.attn_q_norm.weight'), 'F32');
  assert.equal(types.get('output_norm.weight'), 'F32');
  assert.equal(types.size, 13);
});

test('dimensions are reversed, places follow one another in steps of 32', () => {
  const { tensors, header, sizeBytes } = plan();
  assert.deepEqual(tensors.find(({ name }) => name === 'blk.0.ffn_down.weight')?.shape, [64, 32]);
  let at = 0;
  for (const { offsetBytes, sizeBytes: bytes } of tensors) {
    assert.equal(offsetBytes, at);
    at += Math.ceil(bytes / 32) * 32;
  }
  assert.equal(sizeBytes, header.length + at);
});

test('auto takes the type of the first matrix', () => {
  assert.equal(plan(weights(same, 'F16'), 'auto').outtype, 'f16');
  assert.equal(plan(weights(same, 'BF16'), 'auto').outtype, 'bf16');
});

test('auto on F32 weights makes f16 of them and says so', () => {
  assert.equal(plan(weights(same, 'F32'), 'auto').outtype, 'f16');
  assert.match(warnings.join(), /loses precision/);
});

test('rows that do not divide into blocks become F16 with a warning', () => {
  const shape = { ...SMALL_SHAPE, ffn: 40 };
  const modelFolder = makeSmallModel({ 'config.json': smallConfig(shape) }, { shape });
  const messages: string[] = [];
  const { tensors } = planConversion({
    modelFolder,
    outtype: 'q8_0',
    onWarning: (message) => messages.push(message),
  });
  assert.equal(tensors.find(({ name }) => name === 'blk.0.ffn_down.weight')?.type, 'F16');
  assert.deepEqual(messages, ['blk.0.ffn_down.weight becomes F16: its rows do not divide into blocks of 32']);
});

test('without modules.json the pooling is left out, with a warning', () => {
  const { header } = plan({ 'modules.json': [] });
  assert.equal(has(header, 'qwen3.pooling_type'), false);
  assert.match(warnings.join(), /modules.json names no pooling/);
  assert.equal(has(plan().header, 'qwen3.pooling_type'), true);
  assert.deepEqual(warnings, []);
});

test('pooling is the first true flag, else the newer pooling_mode, else refused', () => {
  const typeOf = (pooling: object): number => {
    const { header } = plan({ '1_Pooling/config.json': pooling });
    return header.readUInt32LE(header.indexOf('qwen3.pooling_type') + 18 + 4);
  };
  assert.equal(typeOf({ pooling_mode_lasttoken: true, pooling_mode_mean_tokens: true }), 1);
  assert.equal(typeOf({ pooling_mode_cls_token: true }), 2);
  assert.equal(typeOf({ pooling_mode: 'lasttoken' }), 3);
  assertFault(() => typeOf({ pooling_mode_max_tokens: true }), 'MODEL_UNSUPPORTED', /pools neither/);
});

test('modules that a GGUF file cannot hold are refused', () => {
  const dense = { type: 'sentence_transformers.models.Dense', path: '2_Dense' };
  assertFault(() => plan({ 'modules.json': [dense] }), 'MODEL_UNSUPPORTED', /models.Dense/);
});

test('a module outside the folder is refused', () => {
  for (const path of ['../x', '/etc', 'a/../../b'])
    assertFault(
      () => plan({ 'modules.json': [{ type: 'x.Pooling', path }] }),
      'FILE_UNREADABLE',
      /outside the folder/,
    );
});

test('rerankers are refused by heading, name and architecture', () => {
  assertFault(() => plan({ 'README.md': '# Qwen3-Reranker-0.6B' }), 'MODEL_UNSUPPORTED', /reranker/);
  assertFault(
    () => plan(config({ _name_or_path: 'Qwen/Qwen3-Reranker-4B' })),
    'MODEL_UNSUPPORTED',
    /reranker/,
  );
  assertFault(
    () => plan(config({ architectures: ['Qwen3ForSequenceClassification'] })),
    'MODEL_UNSUPPORTED',
    /reranker/,
  );
  const modelFolder = makeSmallModel({}, { name: 'my-qwen3-reranker' });
  assertFault(() => planConversion({ modelFolder, outtype: 'auto' }), 'MODEL_UNSUPPORTED', /reranker/);
});

test('other architectures, quantised weights and other tokenizers are refused', () => {
  assertFault(
    () => plan(config({ architectures: ['LlamaForCausalLM'] })),
    'MODEL_UNSUPPORTED',
    /has LlamaForCausalLM/,
  );
  assertFault(() => plan(config({ architectures: undefined })), 'MODEL_UNSUPPORTED', /has no architecture/);
  assertFault(
    () => plan(config({ quantization_config: { quant_method: 'fp8' } })),
    'MODEL_UNSUPPORTED',
    /quantised/,
  );
  assertFault(() => plan({ 'tokenizer.model': 'x' }), 'MODEL_UNSUPPORTED', /sentencepiece/);
});

test('config numbers that are no positive integers are refused', () => {
  for (const hidden_size of [0, -1, 1.5, '32', 2 ** 32])
    assertFault(() => plan(config({ hidden_size })), 'MODEL_UNSUPPORTED', /hidden_size is/);
  assertFault(
    () => plan(config({ rope_theta: 'x' })),
    'MODEL_UNSUPPORTED',
    /rope_theta is "x", not a number/,
  );
});

const keysIn = (header: Buffer): string[] =>
  [
    'attention.causal',
    'rope.scaling.type',
    'rope.scaling.original_context_length',
    'rope.scaling.yarn_beta_fast',
  ].filter((key) => has(header, `qwen3.${key}`));

test('causality and the scaling of positions are written when config.json has them', () => {
  assert.deepEqual(keysIn(plan().header), []);
  assert.deepEqual(keysIn(plan(config({ is_causal: false })).header), ['attention.causal']);
  const linear = { rope_scaling: { type: 'linear', factor: 2 } };
  assert.deepEqual(keysIn(plan(config(linear)).header), ['rope.scaling.type']);
  const yarn = { rope_parameters: { rope_type: 'yarn', factor: 4, beta_fast: 32, rope_theta: 1e6 } };
  assert.deepEqual(keysIn(plan(config(yarn)).header), [
    'rope.scaling.type',
    'rope.scaling.original_context_length',
    'rope.scaling.yarn_beta_fast',
  ]);
});

test('scalings that llama.cpp would silently drop are refused', () => {
  for (const type of ['dynamic', 'longrope', 'llama3'])
    assertFault(
      () => plan(config({ rope_scaling: { type, factor: 2 } })),
      'MODEL_UNSUPPORTED',
      /scales positions/,
    );
});

test('what transformers computes and llama.cpp would leave out is refused', () => {
  for (const [changes, message] of [
    [{ hidden_act: 'gelu' }, /computes with "gelu"/],
    [{ use_sliding_window: true, sliding_window: 64, max_window_layers: 0 }, /sliding window/],
    [{ use_sliding_window: true, layer_types: ['sliding_attention'], sliding_window: 64 }, /sliding window/],
    [{ rope_scaling: { type: 'yarn', factor: 4, truncate: false } }, /yarn with "truncate"/],
  ] as const)
    assertFault(() => plan(config(changes)), 'MODEL_UNSUPPORTED', message);
});

test('a sliding window that hides nothing is no reason to refuse', () => {
  for (const changes of [
    { use_sliding_window: false, sliding_window: 64, max_window_layers: 0 },
    { use_sliding_window: true, sliding_window: 64, max_window_layers: 28 },
    { use_sliding_window: true, sliding_window: 4096, max_window_layers: 0 },
  ])
    assert.equal(plan(config(changes)).tensors.length, 13);
});

test('for serving, a folder whose vectors would be wrong is refused before it is converted', () => {
  const endless = { ...smallTokenizer(), post_processor: null };
  const special = { SpecialToken: { id: '<|endoftext|>', type_id: 0 } };
  const text = { Sequence: { id: 'A', type_id: 0 } };
  const single = [special, text, special];
  const doubled = {
    ...smallTokenizer(),
    post_processor: { type: 'TemplateProcessing', single, pair: single },
  };
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ 'modules.json': [] }, /does not say how vectors are pooled/],
    [{ '1_Pooling/config.json': { pooling_mode_mean_tokens: true } }, /pools by mean/],
    [config({ is_causal: false }), /attends to later tokens/],
    [{ 'tokenizer.json': endless }, /appends no end token/],
    [{ 'tokenizer.json': doubled }, /adds more to a text than an end token/],
  ];
  for (const [files, message] of cases) {
    const modelFolder = makeSmallModel(files);
    const serve = () => planConversion({ modelFolder, outtype: 'f32', isForServing: true });
    assertFault(serve, 'MODEL_UNSUPPORTED', message);
    assert.equal(planConversion({ modelFolder, outtype: 'f32' }).tensors.length, 13);
  }
});

test('unknown tensors stop the conversion by name; leftovers of old checkpoints do not', () => {
  const extra = (name: string): Record<string, unknown> =>
    weights((tensors) => [...tensors, zeros(name, [32, 32])]);
  for (const name of [
    'dense.weight',
    'layers.0.self_attn.x_proj.weight',
    'layers.1.mlp.up_proj.weight',
    'layers.00.mlp.up_proj.weight',
    'layers.0.self_attn.o_proj.bias',
  ])
    assertFault(() => plan(extra(name)), 'MODEL_UNSUPPORTED', /is not part of a Qwen3 model/);
  for (const name of ['layers.0.self_attn.rotary_emb.inv_freq', 'layers.0.attention.bias', 'visual.x'])
    assert.equal(plan(extra(name)).tensors.length, 13);
});

test('one tensor under two spellings is refused', () => {
  const twice = weights((tensors) => [...tensors, zeros('model.norm.weight', [32])]);
  assertFault(() => plan(twice), 'MODEL_UNSUPPORTED', /two tensors become output_norm.weight/);
});

test('a missing tensor is named, also when config.json claims billions of layers', () => {
  const without = weights((tensors) => tensors.filter(({ name }) => !name.includes('k_norm')));
  assertFault(() => plan(without), 'WEIGHTS_CORRUPT', /the weights of blk.0.attn_k_norm are missing/);
  assertFault(() => plan(config({ num_hidden_layers: 4_000_000_000 })), 'WEIGHTS_CORRUPT', /blk.1.attn_norm/);
});

test('a shape that contradicts config.json is corrupt, an unknown dtype unsupported', () => {
  assertFault(
    () => plan(config({ intermediate_size: 96 })),
    'WEIGHTS_CORRUPT',
    /is 32 x 64, config.json says 32 x 96/,
  );
  const bytes = weights((tensors) => [...tensors, { ...zeros('lm_head.weight', [12, 32]), dtype: 'I16' }]);
  assertFault(() => plan(bytes), 'MODEL_UNSUPPORTED', /is I16; BF16, F16 and F32/);
});

test('biases and a head of its own are converted when they are there', () => {
  const more = weights((tensors) => [
    ...tensors,
    zeros('layers.0.self_attn.q_proj.bias', [32]),
    zeros('lm_head.weight', [12, 32]),
  ]);
  const types = new Map(plan(more).tensors.map(({ name, type }) => [name, type]));
  assert.equal(types.get('blk.0.attn_q.bias'), 'F32');
  assert.equal(types.get('output.weight'), 'BF16');
});

test('a folder that is none, or lacks a file, says which', () => {
  assertFault(
    () => planConversion({ modelFolder: join(makeSmallModel({}), 'none'), outtype: 'auto' }),
    'MODEL_MISSING',
    /is not a folder/,
  );
  assertFault(() => plan({ 'config.json': '{' }), 'FILE_UNREADABLE', /config.json: is not valid JSON/);
  assertFault(() => plan({ 'tokenizer.json': '[]' }), 'FILE_UNREADABLE', /is not a JSON object/);
});

test('the default file name follows the folder name', () => {
  const modelFolder = makeSmallModel({}, { name: 'Qwen3-Embedding-Tiny' });
  assert.equal(
    basename(planConversion({ modelFolder, outtype: 'f32' }).fileName),
    'Qwen3-Embedding-Tiny-10K-F32.gguf',
  );
});

test('a vocabulary of billions is refused before there is a list of it', () => {
  assertFault(
    () => plan(config({ vocab_size: 2 ** 32 - 1 })),
    'MODEL_UNSUPPORTED',
    /vocab_size is 4294967295, the limit/,
  );
});

test('JSON of millions of values, or thousands of levels, is refused without a parser', () => {
  for (const json of [`{"a":[${'[],'.repeat(2 ** 20)}0]}`, `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`])
    assertFault(() => plan({ 'config.json': json }), 'FILE_UNREADABLE', /far too deep or long/);
});

test('front matter that does not end within reach is left out with a warning', () => {
  plan({ 'README.md': `---\nlicense: mit\n${'- a\n'.repeat(100_000)}---\n` });
  assert.match(warnings.join(), /README.md: its front matter has more than 262144 characters/);
});

test('a module at a path that no system takes is a fault', () => {
  const modules = [{ type: 'sentence_transformers.models.Pooling', path: 'a'.repeat(5000) }];
  assertFault(() => plan({ 'modules.json': modules }), 'FILE_UNREADABLE', /aaa\/config.json'$/);
});
