import assert from 'node:assert/strict';
import test from 'node:test';

import {
  parseModelId,
  renderFileStem,
  renderSizeLabel,
  renderTitle,
} from '../../../src/convert/model-name.ts';

const M = 1e6;
const B = 1e9;

// Expected values were taken from llama.cpp v0.5.0's own metadata module.
const IDS: [id: string, parameters: number, parts: object][] = [
  [
    'Qwen3-Embedding-0.6B',
    0.596 * B,
    { fullName: 'Qwen3-Embedding-0.6B', basename: 'Qwen3-Embedding', sizeLabel: '0.6B' },
  ],
  [
    'Qwen/Qwen3-0.6B-Base',
    0.596 * B,
    {
      fullName: 'Qwen3-0.6B-Base',
      organization: 'Qwen',
      basename: 'Qwen3',
      sizeLabel: '0.6B',
      finetune: 'Base',
    },
  ],
  [
    'qwen3-embedding-0.6b',
    0.596 * B,
    { fullName: 'qwen3-embedding-0.6b', basename: 'qwen3-embedding', sizeLabel: '0.6B' },
  ],
  // The claimed size is far from the true one: taken for a context length.
  [
    'Qwen/Qwen3-0.6B-Base',
    10 * M,
    { fullName: 'Qwen3-0.6B-Base', organization: 'Qwen', basename: 'Qwen3', finetune: '0.6b-Base' },
  ],
  ['Qwen3-Embedding', B, { fullName: 'Qwen3-Embedding' }],
  ['a sentence about-a-model', B, { fullName: 'a sentence about-a-model' }],
  ['./Qwen3-1B', B, { fullName: 'Qwen3-1B', basename: 'Qwen3', sizeLabel: '1B' }],
  ['bloom-7b1', 7 * B, { fullName: 'bloom-7b1', basename: 'bloom', sizeLabel: '7.1B' }],
  [
    'm-1_7B-large',
    1.7 * B,
    { fullName: 'm-1_7B-large', basename: 'm', sizeLabel: '1.7B', finetune: 'large' },
  ],
  [
    'm-large-chat-v2',
    B,
    { fullName: 'm-large-chat-v2', basename: 'm', sizeLabel: 'large', finetune: 'chat', version: 'v2' },
  ],
  ['Llama-3-8B-q4_k', 8 * B, { fullName: 'Llama-3-8B-q4_k', basename: 'Llama-3', sizeLabel: '8B' }],
  ['m-v1-v2', B, { fullName: 'm-v1-v2', basename: 'm', version: 'v1-v2' }],
  ['m-8x7B-8x7B', 50 * B, { fullName: 'm-8x7B-8x7B', basename: 'm', sizeLabel: '8x7B' }],
];

for (const [id, parameters, parts] of IDS)
  test(`${id} at ${String(parameters / M)}M parameters is taken apart as the reference does`, () => {
    assert.deepEqual(parseModelId(id, parameters), parts);
  });

test('titles capitalise words that are all in lower case, but no versions and sizes', () => {
  assert.equal(renderTitle('qwen3-embedding-0.6b'), 'Qwen3 Embedding 0.6b');
  assert.equal(renderTitle('my-MODEL v1.2 it’s a3b'), 'My MODEL v1.2 It’S A3B');
});

test('size labels have two digits at least', () => {
  const labels: [number, string][] = [
    [595_776_512, '596M'],
    [4_021_774_336, '4.0B'],
    [7_567_295_488, '7.6B'],
    [9_950_000, '10M'],
    [9_400_000, '9.4M'],
    [1_000_000, '1000K'],
    [1250, '1.2K'],
    [1, '0.00K'],
  ];
  for (const [parameters, label] of labels)
    assert.equal(renderSizeLabel(parameters), label, String(parameters));
});

test('exact ties of a size label go to the even digit, as Python rounds', () => {
  assert.equal(renderSizeLabel(10_500_000), '10M');
  assert.equal(renderSizeLabel(11_500_000), '12M');
  assert.equal(renderSizeLabel(1250), '1.2K');
});

test('the default file name is basename, size, fine-tune, version and type', () => {
  const parts = {
    name: 'My Model',
    basename: 'Qwen3-Embedding',
    sizeLabel: '0.6B',
    finetune: 'a b',
    version: 'v2',
  };
  assert.equal(renderFileStem(parts, 'Q8_0'), 'Qwen3-Embedding-0.6B-a-b-v2-Q8_0');
  assert.equal(renderFileStem({ name: ' org/My Model ' }, 'BF16'), 'org-My-Model-BF16');
});
