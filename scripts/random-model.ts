// Writes a .gguf of a real Qwen3-Embedding shape with random weights, for benchmarks where no weights can be had.
// The vocabulary is the real one, so that every program loads the file; the vectors mean nothing.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { GgufMetadata, GgufTensorShape, GgufValue, TensorType } from '../src/convert/gguf.ts';
import { padTo, tensorSizeBytes } from '../src/convert/gguf.ts';
import { readGgufHeader } from '../src/convert/gguf-read.ts';
import { renderGgufHeader } from '../src/convert/gguf-write.ts';
import { bf16FromF32, f16FromF32 } from '../src/convert/floats.ts';
import type { ModelShape } from '../src/engine/model-file.ts';
import { FAMILY } from '../src/launch/family.ts';

/** The 0.6B's. */
export const [{ shape: SMALLEST_SHAPE }] = FAMILY;

/** `vocabularyFrom` is any .gguf with the tokenizer to copy, such as a converted tiny model. */
export function writeRandomModel(options: {
  outfile: string;
  vocabularyFrom: string;
  shape: ModelShape;
  type: 'F16' | 'BF16' | 'F32' | 'Q8_0';
}): void {
  const { outfile, vocabularyFrom, shape, type } = options;
  const source = readGgufHeader(vocabularyFrom);
  const vocabulary = source.tensors.find(({ name }) => name === 'token_embd.weight')?.shape[1] ?? 0;
  const tensors = listTensors(shape, type, vocabulary);
  const descriptor = openSync(outfile, 'w');
  writeSync(descriptor, renderGgufHeader({ metadata: reshape(source.metadata, shape), tensors }));
  const weights = randomBlock(type);
  const ones = Buffer.from(new Float32Array(Math.max(shape.hidden, shape.headDim)).fill(1).buffer);
  for (const tensor of tensors) {
    const sizeBytes = tensorSizeBytes(tensor) ?? 0;
    const block = tensor.type === 'F32' && tensor.shape.length === 1 ? ones : weights;
    for (let left = sizeBytes; left > 0; left -= block.length)
      writeSync(descriptor, block, 0, Math.min(left, block.length));
    writeSync(descriptor, Buffer.alloc(padTo(sizeBytes, 32) - sizeBytes));
  }
  closeSync(descriptor);
}

function reshape(metadata: GgufMetadata, shape: ModelShape): GgufMetadata {
  const numbers: Record<string, number> = {
    'qwen3.block_count': shape.layers,
    'qwen3.embedding_length': shape.hidden,
    'qwen3.feed_forward_length': shape.ffn,
    'qwen3.attention.head_count': shape.heads,
    'qwen3.attention.head_count_kv': shape.kvHeads,
    'qwen3.attention.key_length': shape.headDim,
    'qwen3.attention.value_length': shape.headDim,
  };
  return new Map(
    [...metadata].map(([key, value]): [string, GgufValue] => {
      const number = numbers[key];
      return [key, number === undefined ? value : { type: 'u32', value: number }];
    }),
  );
}

function listTensors(shape: ModelShape, type: TensorType, vocabulary: number): GgufTensorShape[] {
  const { hidden, layers, heads, kvHeads, headDim, ffn } = shape;
  const matrix = (name: string, columns: number, rows: number): GgufTensorShape => ({
    name: `${name}.weight`,
    shape: [columns, rows],
    type,
  });
  const norm = (name: string, length: number): GgufTensorShape => ({
    name: `${name}.weight`,
    shape: [length],
    type: 'F32',
  });
  const layer = (i: number): GgufTensorShape[] => {
    const at = (name: string) => `blk.${String(i)}.${name}`;
    return [
      norm(at('attn_norm'), hidden),
      matrix(at('ffn_down'), ffn, hidden),
      matrix(at('ffn_gate'), hidden, ffn),
      matrix(at('ffn_up'), hidden, ffn),
      norm(at('ffn_norm'), hidden),
      norm(at('attn_k_norm'), headDim),
      matrix(at('attn_k'), hidden, kvHeads * headDim),
      matrix(at('attn_output'), heads * headDim, hidden),
      norm(at('attn_q_norm'), headDim),
      matrix(at('attn_q'), hidden, heads * headDim),
      matrix(at('attn_v'), hidden, kvHeads * headDim),
    ];
  };
  return [
    matrix('token_embd', hidden, vocabulary),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    norm('output_norm', hidden),
  ];
}

/** A megabyte of weights with standard deviation 0.02, repeated over all matrices: their values do not matter. */
function randomBlock(type: 'F16' | 'BF16' | 'F32' | 'Q8_0'): Buffer {
  const count = 1 << 18;
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.07;
  };
  const values = Float32Array.from({ length: count }, next);
  const bits = new Uint32Array(values.buffer);
  switch (type) {
    case 'F32':
      return Buffer.from(values.buffer);
    case 'F16':
      return Buffer.from(Uint16Array.from(bits, f16FromF32).buffer);
    case 'BF16':
      return Buffer.from(Uint16Array.from(bits, bf16FromF32).buffer);
    case 'Q8_0':
      return quantise(values);
  }
}

const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;

/** 34 bytes per 32 values: a half-precision scale, then signed bytes. */
function quantise(values: Float32Array): Buffer {
  const bytes = Buffer.alloc((values.length / 32) * 34);
  for (let block = 0; block < values.length / 32; block++) {
    const part = values.subarray(block * 32, block * 32 + 32);
    const scale = Math.max(...part.map(Math.abs)) / 127;
    bytes.writeUInt16LE(f16FromF32(bitsOf(scale)), block * 34);
    part.forEach((value, i) => bytes.writeInt8(Math.round(value / scale), block * 34 + 2 + i));
  }
  return bytes;
}
