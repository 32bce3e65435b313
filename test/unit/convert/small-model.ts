// Small Qwen3-shaped model folders for the converter's tests: every file can be replaced, left out or damaged.
// Writes .safetensors with code of its own, so that the reader under test is not its own judge.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Fault, type FaultCode } from '../../../src/faults.ts';
import { QWEN2_SPLIT_PATTERN, type ModelShape } from '../../../src/convert/qwen3.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

export type Dtype = 'BF16' | 'F16' | 'F32';

export interface TestTensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

export interface SmallShape extends ModelShape {
  vocab: number;
}

export const SMALL_SHAPE: SmallShape = {
  hidden: 32,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 16,
  ffn: 64,
  vocab: 12,
};

/** Files by path within the folder: text as it is, bytes as they are, anything else as JSON. */
export function writeFiles(folder: string, files: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const isRaw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, isRaw ? content : JSON.stringify(content));
  }
}

/** A whole model with weights of zero, in a folder of the given name; `files` are added or replaced. */
export function makeSmallModel(
  files: Record<string, unknown> = {},
  { name = 'small', shape = SMALL_SHAPE }: { name?: string; shape?: SmallShape } = {},
): string {
  const folder = join(makeTemporaryFolder(), name);
  const tensors = listSmallTensors(shape).map(([tensor, size]) => zeros(tensor, size));
  writeFiles(folder, {
    'config.json': smallConfig(shape),
    'tokenizer.json': smallTokenizer(),
    'tokenizer_config.json': { eos_token: '<|im_end|>', add_bos_token: false },
    'modules.json': [
      { type: 'sentence_transformers.models.Transformer', path: '' },
      { type: 'sentence_transformers.models.Pooling', path: '1_Pooling' },
    ],
    '1_Pooling/config.json': { pooling_mode_lasttoken: true },
    'model.safetensors': renderSafetensors(tensors),
    ...files,
  });
  return folder;
}

export function smallConfig(shape: SmallShape = SMALL_SHAPE): Record<string, unknown> {
  return {
    architectures: ['Qwen3ForCausalLM'],
    model_type: 'qwen3',
    hidden_size: shape.hidden,
    intermediate_size: shape.ffn,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headDim,
    vocab_size: shape.vocab,
    max_position_embeddings: 4096,
    rope_theta: 1000000,
    rms_norm_eps: 1e-6,
    eos_token_id: 8,
    bos_token_id: 8,
  };
}

/** Eight letters, `<|endoftext|>` 8, `<|im_end|>` 9, `<think>` 10; ends texts with `<|endoftext|>`. */
export function smallTokenizer(): Record<string, unknown> {
  const vocab = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'ab'].map((token, id) => [token, id]));
  const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const end = { SpecialToken: { id: '<|endoftext|>', type_id: 0 } };
  const text = (id: string): object => ({ Sequence: { id, type_id: 0 } });
  const split = {
    type: 'Split',
    pattern: { Regex: QWEN2_SPLIT_PATTERN },
    behavior: 'Isolated',
    invert: false,
  };
  return {
    added_tokens: [
      { id: 8, content: '<|endoftext|>', special: true, normalized: false },
      { id: 9, content: '<|im_end|>', special: true, normalized: false },
      { id: 10, content: '<think>', special: false, normalized: false },
    ],
    normalizer: { type: 'NFC' },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, bytes] },
    post_processor: {
      type: 'Sequence',
      processors: [
        bytes,
        { type: 'TemplateProcessing', single: [text('A'), end], pair: [text('A'), end, text('B'), end] },
      ],
    },
    model: { type: 'BPE', vocab, merges: [['a', 'b']] },
  };
}

/** Names and shapes of a checkpoint, in the order in which the files have them. */
export function listSmallTensors(shape: SmallShape, prefix = ''): [string, number[]][] {
  const { hidden, ffn, heads, kvHeads, headDim, vocab } = shape;
  const layers = Array.from({ length: shape.layers }, (_, layer): [string, number[]][] => {
    const at = (name: string): string => `${prefix}layers.${String(layer)}.${name}.weight`;
    return [
      [at('input_layernorm'), [hidden]],
      [at('mlp.down_proj'), [hidden, ffn]],
      [at('mlp.gate_proj'), [ffn, hidden]],
      [at('mlp.up_proj'), [ffn, hidden]],
      [at('post_attention_layernorm'), [hidden]],
      [at('self_attn.k_norm'), [headDim]],
      [at('self_attn.k_proj'), [kvHeads * headDim, hidden]],
      [at('self_attn.o_proj'), [hidden, heads * headDim]],
      [at('self_attn.q_norm'), [headDim]],
      [at('self_attn.q_proj'), [heads * headDim, hidden]],
      [at('self_attn.v_proj'), [kvHeads * headDim, hidden]],
    ];
  });
  return [
    [`${prefix}embed_tokens.weight`, [vocab, hidden]],
    ...layers.flat(),
    [`${prefix}norm.weight`, [hidden]],
  ];
}

export function zeros(name: string, shape: number[], dtype: Dtype = 'BF16'): TestTensor {
  const elements = shape.reduce((product, length) => product * length, 1);
  return { name, dtype, shape, bytes: new Uint8Array(elements * (dtype === 'F32' ? 4 : 2)) };
}

export function renderSafetensors(tensors: readonly TestTensor[]): Buffer {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  return frameSafetensors(JSON.stringify(header), Buffer.concat(tensors.map(({ bytes }) => bytes)));
}

/** Any header text and any data, under an honest length. */
export function frameSafetensors(header: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), data]);
}

/** The fault that the action must raise, its code checked and its message matched. */
export function assertFault(action: () => unknown, code: FaultCode, message: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof Fault, `no Fault: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
