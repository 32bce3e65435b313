// Writes the model of the decode check: Qwen3's shape in half a megabyte, its weights from a seed, a vocabulary of single
// bytes. What it makes of KNOWN_TEXT was computed from the same weights in float64 by a forward pass written for that
// (test/unit/doctor/forward.ts), not by llama.cpp.
import { writeFileSync } from 'node:fs';
import {
  i32Array,
  stringArray,
  type GgufMetadata,
  type GgufTensorShape,
  type GgufValue,
} from '../convert/gguf.ts';
import { renderGgufHeader } from '../convert/gguf-write.ts';
import { POOLING_LAST, TOKEN_TYPES } from '../convert/qwen3.ts';

// The head size is one that the kernels of every backend know.
export const SHAPE = {
  hidden: 64,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 64,
  ffn: 128,
  ropeTheta: 1_000_000,
  epsilon: 1e-6,
};

export const KNOWN_TEXT = 'ready';

interface Tensor extends GgufTensorShape {
  /** Row by row, the first dimension of `shape` fastest. */
  values: Float32Array;
}

/** Writes a .gguf file of 0.5 MB. */
export function writeTinyModel(path: string): void {
  const tensors = makeTensors();
  const metadata: GgufMetadata = new Map([...describeShape(), ...describeTokenizer()]);
  const header = renderGgufHeader({ metadata, tensors });
  // Every tensor is a multiple of 64 floats, so that none needs padding.
  writeFileSync(path, Buffer.concat([header, ...tensors.map(({ values }) => new Uint8Array(values.buffer))]));
}

/** By name, in the order of the file. */
export function makeTensors(): Tensor[] {
  const { hidden, layers, heads, kvHeads, headDim, ffn } = SHAPE;
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const name = (part: string) => `blk.${String(layer)}.${part}.weight`;
    return [
      norm(name('attn_norm'), hidden),
      matrix(name('attn_q'), [hidden, heads * headDim]),
      matrix(name('attn_k'), [hidden, kvHeads * headDim]),
      matrix(name('attn_v'), [hidden, kvHeads * headDim]),
      norm(name('attn_q_norm'), headDim),
      norm(name('attn_k_norm'), headDim),
      matrix(name('attn_output'), [heads * headDim, hidden]),
      norm(name('ffn_norm'), hidden),
      matrix(name('ffn_gate'), [hidden, ffn]),
      matrix(name('ffn_up'), [hidden, ffn]),
      matrix(name('ffn_down'), [ffn, hidden]),
    ];
  });
  const vocabulary = listTokens().length;
  return [
    matrix('token_embd.weight', [hidden, vocabulary]),
    ...blocks.flat(),
    norm('output_norm.weight', hidden),
  ];
}

function norm(name: string, size: number): Tensor {
  return { name, type: 'F32', shape: [size], values: randomValues(name, size, { scale: 0.2, bias: 1 }) };
}

function matrix(name: string, shape: [number, number]): Tensor {
  const scale = Math.sqrt(3 / shape[0]);
  return { name, type: 'F32', shape, values: randomValues(name, shape[0] * shape[1], { scale, bias: 0 }) };
}

/** Uniform around `bias`; the same on every machine, for all steps are exact in 32-bit integers. */
function randomValues(
  name: string,
  count: number,
  { scale, bias }: { scale: number; bias: number },
): Float32Array {
  let state = 2166136261;
  for (const byte of Buffer.from(name)) state = Math.imul(state ^ byte, 16777619) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 8) / 2 ** 23 - 1) * scale + bias;
  });
}

const u32 = (value: number): GgufValue => ({ type: 'u32', value });
const f32 = (value: number): GgufValue => ({ type: 'f32', value });
const string = (value: string): GgufValue => ({ type: 'string', value });

function describeShape(): [string, GgufValue][] {
  return [
    ['general.architecture', string('qwen3')],
    ['general.name', string('qwen-embed doctor')],
    ['qwen3.block_count', u32(SHAPE.layers)],
    ['qwen3.context_length', u32(512)],
    ['qwen3.embedding_length', u32(SHAPE.hidden)],
    ['qwen3.feed_forward_length', u32(SHAPE.ffn)],
    ['qwen3.attention.head_count', u32(SHAPE.heads)],
    ['qwen3.attention.head_count_kv', u32(SHAPE.kvHeads)],
    ['qwen3.attention.key_length', u32(SHAPE.headDim)],
    ['qwen3.attention.value_length', u32(SHAPE.headDim)],
    ['qwen3.attention.layer_norm_rms_epsilon', f32(SHAPE.epsilon)],
    ['qwen3.rope.freq_base', f32(SHAPE.ropeTheta)],
    ['qwen3.pooling_type', u32(POOLING_LAST)],
  ];
}

const END = '<|endoftext|>';

function describeTokenizer(): [string, GgufValue][] {
  const tokens = listTokens();
  const types = tokens.map((token) => (token === END ? TOKEN_TYPES.control : TOKEN_TYPES.normal));
  return [
    ['tokenizer.ggml.model', string('gpt2')],
    ['tokenizer.ggml.pre', string('qwen2')],
    ['tokenizer.ggml.tokens', stringArray(tokens)],
    ['tokenizer.ggml.token_type', i32Array(types)],
    // llama.cpp wants one at least; no text here has this pair.
    ['tokenizer.ggml.merges', stringArray(['Ā Ā'])],
    ['tokenizer.ggml.eos_token_id', u32(tokens.indexOf(END))],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: true }],
  ];
}

/** One token per byte, written as GPT-2 writes bytes: the printable ones as they are, the others from U+0100 on. */
export function listTokens(): string[] {
  const isPlain = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPlain(byte) ? byte : next++));
  // What two of the first such bytes give, so that the one merge has its token.
  return [...bytes, 'ĀĀ', END];
}
