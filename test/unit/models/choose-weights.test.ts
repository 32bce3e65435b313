import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { chooseWeights, quantizationOf } from '../../../src/models/choose-weights.ts';

const SAFETENSORS = [
  '.gitattributes',
  '1_Pooling/config.json',
  'LICENSE',
  'README.md',
  'additional_chat_templates/tool.jinja',
  'config.json',
  'merges.txt',
  'model-00001-of-00002.safetensors',
  'model-00002-of-00002.safetensors',
  'model.safetensors.index.json',
  'modules.json',
  'onnx/model.onnx',
  'onnx/tokenizer.json',
  'pytorch_model.bin',
  'tokenizer.json',
];
const GGUF = ['README.md', 'M-Q4_K_M.gguf', 'M-Q8_0.gguf', 'M-f16.gguf'];

const choose = (paths: readonly string[], quantization: string | null = null, repo = 'a/b') =>
  chooseWeights({ repo, paths, quantization });

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return `${error.message} | ${(error as Fault).hint}`;
  }
  throw new assert.AssertionError({ message: 'no fault' });
}

test('of safetensors everything that a conversion reads is taken, and no other formats', () => {
  assert.deepEqual(choose(SAFETENSORS), {
    kind: 'safetensors',
    shards: ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'],
    small: [
      '1_Pooling/config.json',
      'README.md',
      'additional_chat_templates/tool.jinja',
      'config.json',
      'merges.txt',
      'model.safetensors.index.json',
      'modules.json',
      'tokenizer.json',
    ],
    outtype: null,
  });
});

test('a type that safetensors convert to is a conversion', () => {
  const choice = choose(SAFETENSORS, 'Q8_0');
  assert.deepEqual([choice.kind, choice.kind === 'safetensors' && choice.outtype], ['safetensors', 'q8_0']);
});

test('a file of the asked type goes before a conversion', () => {
  const choice = choose([...SAFETENSORS, 'M-Q8_0.gguf'], 'Q8_0');
  assert.deepEqual(choice, { kind: 'gguf', file: 'M-Q8_0.gguf', quantization: 'Q8_0' });
});

test('of several .gguf files the one in Q8_0 is taken unasked, and a lone one whatever it is', () => {
  assert.deepEqual(choose(GGUF), { kind: 'gguf', file: 'M-Q8_0.gguf', quantization: 'Q8_0' });
  assert.deepEqual(choose(['M-f16.gguf']), { kind: 'gguf', file: 'M-f16.gguf', quantization: 'F16' });
});

test('a type that is not there is refused with those that are', () => {
  assert.equal(
    refusal(() => choose(GGUF, 'Q6_K')),
    'a/b: has no Q6_K; it has Q4_K_M, Q8_0, F16 | name a type: a/b:Q4_K_M',
  );
  assert.equal(
    refusal(() => choose(['M-Q4_K_M.gguf', 'M-Q6_K.gguf'])),
    'a/b: has Q4_K_M, Q6_K, and no Q8_0 to take unasked | name a type: a/b:Q4_K_M',
  );
});

test('a type that the publisher keeps in another repository leads there', () => {
  assert.match(
    refusal(() => choose(SAFETENSORS, 'Q4_K_M', 'Qwen/Qwen3-Embedding-4B')),
    /\| use Qwen\/Qwen3-Embedding-4B-GGUF:Q4_K_M$/,
  );
});

test('a split file is refused, and so are two files of one type', () => {
  const parts = ['M-Q8_0-00001-of-00002.gguf', 'M-Q8_0-00002-of-00002.gguf'];
  assert.match(
    refusal(() => choose(parts)),
    /^a\/b:Q8_0: is split into 2 files/,
  );
  assert.match(
    refusal(() => choose(['A-Q8_0.gguf', 'B-Q8_0.gguf'], 'Q8_0')),
    /means 2 files: A-Q8_0\.gguf, B-Q8_0\.gguf/,
  );
});

test('a repository without weights says so', () => {
  assert.match(
    refusal(() => choose(['README.md'])),
    /has neither model\*\.safetensors nor \.gguf files/,
  );
});

test('types are read from file names as publishers write them', () => {
  const types = {
    'Qwen3-Embedding-0.6B-Q8_0.gguf': 'Q8_0',
    'Qwen3-Embedding-0.6B-f16.gguf': 'F16',
    'm.fp16.gguf': 'F16',
    'q4/m_IQ3_XS.gguf': 'IQ3_XS',
    'Q5_K_M.gguf': 'Q5_K_M',
    'm-Q8_0-00001-of-00003.gguf': 'Q8_0',
    'm-bf16.gguf': 'BF16',
    'mystery.gguf': null,
    'model.safetensors': null,
  };
  for (const [name, type] of Object.entries(types)) assert.equal(quantizationOf(name), type, name);
});
