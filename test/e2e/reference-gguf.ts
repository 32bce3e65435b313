// The whole GGUF file of a small model once more, written straight from the format's description: what the converter
// must write, without its code, its chunks, its threads and its tricks.

import { Buffer } from 'node:buffer';

import {
  decodeBf16,
  decodeF16,
  encodeBf16,
  encodeF16,
  encodeQ8Block,
} from '../unit/convert/plain-numbers.ts';
import type { SmallShape, TestTensor } from '../unit/convert/small-model.ts';

export type ReferenceType = 'f32' | 'f16' | 'bf16' | 'q8_0';

export interface ReferenceModel {
  shape: SmallShape;
  name: string;
  sizeLabel: string;
  outtype: ReferenceType;
  /** In the order of the shards, as they are in the files. */
  shards: TestTensor[][];
  tokens: string[];
  tokenTypes: number[];
  merges: string[];
}

const u32 = (value: number): Buffer => fill(4, (bytes) => bytes.writeUInt32LE(value));
const u64 = (value: number): Buffer => fill(8, (bytes) => bytes.writeBigUInt64LE(BigInt(value)));
const f32 = (value: number): Buffer => fill(4, (bytes) => bytes.writeFloatLE(value));
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

function fill(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}

const number = (key: string, value: number): Buffer => Buffer.concat([text(key), u32(4), u32(value)]);
const float = (key: string, value: number): Buffer => Buffer.concat([text(key), u32(6), f32(value)]);
const flag = (key: string, value: boolean): Buffer =>
  Buffer.concat([text(key), u32(7), Buffer.from([value ? 1 : 0])]);
const string = (key: string, value: string): Buffer => Buffer.concat([text(key), u32(8), text(value)]);
const strings = (key: string, values: string[]): Buffer =>
  Buffer.concat([text(key), u32(9), u32(8), u64(values.length), ...values.map(text)]);
const integers = (key: string, values: number[]): Buffer =>
  Buffer.concat([text(key), u32(9), u32(5), u64(values.length), ...values.map(u32)]);

const FILE_TYPES = { f32: 0, f16: 1, q8_0: 7, bf16: 32 };
const TENSOR_TYPES = { f32: 0, f16: 1, q8_0: 8, bf16: 30 };

export function renderReference(model: ReferenceModel): Buffer {
  const values = renderValues(model);
  const tensors = model.shards
    .flatMap((shard) => shard.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    .map((tensor) => {
      const name = rename(tensor.name);
      const type = typeOf(name, { tensor, outtype: model.outtype });
      return { name, shape: tensor.shape, type, bytes: encode(decode(tensor), type) };
    });
  let offset = 0;
  const infos = tensors.map(({ name, shape, type, bytes }) => {
    const info = [
      text(name),
      u32(shape.length),
      ...shape.toReversed().map(u64),
      u32(TENSOR_TYPES[type]),
      u64(offset),
    ];
    offset += bytes.length + padding(bytes.length).length;
    return Buffer.concat(info);
  });
  const start = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(values.length),
    ...values,
    ...infos,
  ]);
  const data = tensors.flatMap(({ bytes }) => [bytes, padding(bytes.length)]);
  return Buffer.concat([start, padding(start.length), ...data]);
}

const padding = (size: number): Buffer => Buffer.alloc((32 - (size % 32)) % 32);

function renderValues({
  shape,
  name,
  sizeLabel,
  outtype,
  tokens,
  tokenTypes,
  merges,
}: ReferenceModel): Buffer[] {
  return [
    string('general.architecture', 'qwen3'),
    string('general.type', 'model'),
    string('general.name', name),
    string('general.size_label', sizeLabel),
    number('qwen3.block_count', shape.layers),
    number('qwen3.context_length', 4096),
    number('qwen3.embedding_length', shape.hidden),
    number('qwen3.feed_forward_length', shape.ffn),
    number('qwen3.attention.head_count', shape.heads),
    number('qwen3.attention.head_count_kv', shape.kvHeads),
    float('qwen3.rope.freq_base', 1000000),
    float('qwen3.attention.layer_norm_rms_epsilon', 1e-6),
    number('qwen3.attention.key_length', shape.headDim),
    number('qwen3.attention.value_length', shape.headDim),
    number('general.file_type', FILE_TYPES[outtype]),
    number('qwen3.pooling_type', 3),
    number('general.quantization_version', 2),
    string('tokenizer.ggml.model', 'gpt2'),
    string('tokenizer.ggml.pre', 'qwen2'),
    strings('tokenizer.ggml.tokens', tokens),
    integers('tokenizer.ggml.token_type', tokenTypes),
    strings('tokenizer.ggml.merges', merges),
    number('tokenizer.ggml.eos_token_id', 8),
    number('tokenizer.ggml.eot_token_id', 9),
    number('tokenizer.ggml.bos_token_id', 8),
    flag('tokenizer.ggml.add_eos_token', true),
    flag('tokenizer.ggml.add_sep_token', false),
    flag('tokenizer.ggml.add_bos_token', false),
  ];
}

const NAMES: [from: RegExp, to: string][] = [
  [/^model\./, ''],
  [/^embed_tokens/, 'token_embd'],
  [/^norm/, 'output_norm'],
  [/^lm_head/, 'output'],
  [/^layers/, 'blk'],
  [/input_layernorm/, 'attn_norm'],
  [/post_attention_layernorm/, 'ffn_norm'],
  [/self_attn\.o_proj/, 'attn_output'],
  [/self_attn\.([qkv])_proj/, 'attn_$1'],
  [/self_attn\.([qk])_norm/, 'attn_$1_norm'],
  [/mlp\.(gate|up|down)_proj/, 'ffn_$1'],
];

function rename(name: string): string {
  return NAMES.reduce((renamed, [from, to]) => renamed.replace(from, to), name);
}

function typeOf(
  name: string,
  { tensor, outtype }: { tensor: TestTensor; outtype: ReferenceType },
): ReferenceType {
  if (tensor.shape.length < 2 || name.endsWith('_norm.weight') || name.endsWith('.bias')) return 'f32';
  return outtype === 'q8_0' && (tensor.shape.at(-1) ?? 0) % 32 !== 0 ? 'f16' : outtype;
}

function decode({ dtype, bytes }: TestTensor): number[] {
  const view = Buffer.from(bytes);
  const size = dtype === 'F32' ? 4 : 2;
  return Array.from({ length: bytes.length / size }, (_, index) => {
    if (dtype === 'F32') return view.readFloatLE(index * 4);
    const bits = view.readUInt16LE(index * 2);
    return dtype === 'F16' ? decodeF16(bits) : decodeBf16(bits);
  });
}

function encode(values: number[], type: ReferenceType): Buffer {
  if (type === 'f32') return Buffer.concat(values.map(f32));
  if (type === 'q8_0')
    return Buffer.concat(
      Array.from({ length: values.length / 32 }, (_, block) =>
        Buffer.from(encodeQ8Block(values.slice(block * 32, block * 32 + 32))),
      ),
    );
  const encodeOne = type === 'f16' ? encodeF16 : encodeBf16;
  return Buffer.from(new Uint16Array(values.map(encodeOne)).buffer);
}
