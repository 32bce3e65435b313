// Owns what a GGUF file must say before its vectors can be trusted, and the facts read from it.
// A file that converts and loads well may still give wrong vectors: without the pooling type llama.cpp pools nothing,
// without the end-token rule the last token is not the one the model was trained to be read at. Both are refused here.
import { closeSync, openSync, readSync } from 'node:fs';
import type { GgufHeader, GgufMetadata, GgufTensor } from '../convert/gguf.ts';
import { readGgufHeader } from '../convert/gguf-read.ts';
import { NORMALISED_TOKENS_KEY, POOLING_LAST, TOKEN_TYPES, type ModelShape } from '../convert/qwen3.ts';
import type { ModelFacts } from '../embedder.ts';
import { Fault } from '../faults.ts';

export type { ModelShape };

export interface ModelFile {
  path: string;
  header: GgufHeader;
  facts: ModelFacts;
  shape: ModelShape;
  /** Appended to every text; its output is the vector. */
  endToken: number;
  /** Added tokens, which are matched in a text before anything else: content -> id. */
  addedTokens: Map<string, number>;
  /** Ids of those that are matched in normalised text. */
  normalisedTokens: Set<number>;
  tokenEmbeddings: GgufTensor;
}

const RECONVERT = 'convert the original Hugging Face folder again: qwen-embed convert DIR';

const refuse = (path: string, problem: string, hint?: string): never => {
  throw new Fault('MODEL_UNSUPPORTED', hint === undefined ? { path, problem } : { path, problem, hint });
};

/** Reads and checks the file's header. Faults: FILE_UNREADABLE, WEIGHTS_CORRUPT, MODEL_UNSUPPORTED. */
export function readModelFile(path: string): ModelFile {
  return checkModelHeader(path, readGgufHeader(path));
}

/** What the header of a file says, wherever it was read. Faults: MODEL_UNSUPPORTED. */
export function checkModelHeader(path: string, header: GgufHeader): ModelFile {
  const { metadata, tensors } = header;
  checkFamily(path, metadata);
  const number = (key: string): number => {
    const value = metadata.get(key);
    if (value?.type !== 'u32' || value.value === 0) return refuse(path, `it has no ${key}`, RECONVERT);
    return value.value;
  };
  const tokenEmbeddings = tensors.find(({ name }) => name === 'token_embd.weight');
  if (tokenEmbeddings === undefined) return refuse(path, 'it has no token_embd.weight', RECONVERT);
  const shape = {
    layers: number('qwen3.block_count'),
    hidden: number('qwen3.embedding_length'),
    ffn: number('qwen3.feed_forward_length'),
    heads: number('qwen3.attention.head_count'),
    kvHeads: number('qwen3.attention.head_count_kv'),
    headDim: number('qwen3.attention.key_length'),
  };
  checkTensors(path, tensors, shape);
  const vocabularySize = tokenEmbeddings.shape[1] ?? 0;
  return {
    path,
    header,
    shape,
    facts: {
      dimensions: shape.hidden,
      contextTokens: number('qwen3.context_length'),
      vocabularySize,
      layers: shape.layers,
      weightsType: tensors.find(({ name }) => name === 'blk.0.attn_q.weight')?.type ?? '',
    },
    endToken: readEndToken(path, metadata, vocabularySize),
    addedTokens: findAddedTokens(metadata),
    normalisedTokens: new Set(readIds(metadata, NORMALISED_TOKENS_KEY)),
    tokenEmbeddings,
  };
}

function checkFamily(path: string, metadata: GgufMetadata): void {
  const text = (key: string) => {
    const value = metadata.get(key);
    return value?.type === 'string' ? value.value : null;
  };
  const architecture = text('general.architecture');
  if (architecture !== 'qwen3') refuse(path, `its architecture is ${String(architecture)}, not qwen3`);
  const tokenizer = `${String(text('tokenizer.ggml.model'))}/${String(text('tokenizer.ggml.pre'))}`;
  if (tokenizer !== 'gpt2/qwen2')
    refuse(path, `its tokenizer is ${tokenizer}, not gpt2/qwen2 as all of Qwen3 has`, RECONVERT);
  const splits = metadata.get('split.count');
  if (splits?.type === 'u16' && splits.value > 1)
    refuse(path, 'it is one part of a split file', 'join the parts with: llama-gguf-split --merge');
  const pooling = metadata.get('qwen3.pooling_type');
  if (pooling === undefined)
    refuse(path, 'it has no pooling type (qwen3.pooling_type), so its vectors would be wrong', RECONVERT);
  if (pooling?.type !== 'u32' || pooling.value !== POOLING_LAST)
    refuse(
      path,
      `its pooling type is not ${String(POOLING_LAST)} (last token), so its vectors would be wrong`,
    );
  if (metadata.get('qwen3.attention.causal')?.value === false)
    refuse(path, 'it attends to later tokens too (qwen3.attention.causal is false), which is not served');
}

function readEndToken(path: string, metadata: GgufMetadata, vocabularySize: number): number {
  const rule = metadata.get('tokenizer.ggml.add_eos_token');
  if (rule?.type !== 'bool' || !rule.value) {
    const problem = 'it does not say that the end token is appended (tokenizer.ggml.add_eos_token)';
    return refuse(path, `${problem}, so its vectors would be wrong`, RECONVERT);
  }
  if (metadata.get('tokenizer.ggml.add_bos_token')?.value === true)
    return refuse(
      path,
      'it puts a token before every text (tokenizer.ggml.add_bos_token), which is not served',
    );
  const end = metadata.get('tokenizer.ggml.eos_token_id');
  if (end?.type !== 'u32' || end.value >= vocabularySize)
    return refuse(path, 'its end token (tokenizer.ggml.eos_token_id) is not in the vocabulary', RECONVERT);
  return end.value;
}

function findAddedTokens(metadata: GgufMetadata): Map<string, number> {
  const added = new Map<string, number>();
  const types = metadata.get('tokenizer.ggml.token_type');
  const tokens = metadata.get('tokenizer.ggml.tokens');
  if (types?.type !== 'array' || types.value.elementType !== 'i32') return added;
  if (tokens?.type !== 'array' || tokens.value.elementType !== 'string') return added;
  let at = 0;
  for (let id = 0; id < Math.min(tokens.value.count, types.value.count); id++) {
    const sizeBytes = tokens.value.bytes.readUInt32LE(at);
    const type = types.value.bytes.readInt32LE(id * 4);
    if (type === TOKEN_TYPES.control || type === TOKEN_TYPES.userDefined)
      added.set(tokens.value.bytes.toString('utf8', at + 8, at + 8 + sizeBytes), id);
    at += 8 + sizeBytes;
  }
  return added;
}

function readIds(metadata: GgufMetadata, key: string): number[] {
  const ids = metadata.get(key);
  if (ids?.type !== 'array' || ids.value.elementType !== 'i32') return [];
  const { bytes, count } = ids.value;
  return Array.from({ length: count }, (_, index) => bytes.readInt32LE(4 * index));
}

/** Tensors of one layer: name -> ggml shape (fastest dimension first). */
const layerTensors = ({
  hidden,
  ffn,
  heads,
  kvHeads,
  headDim,
}: ModelShape): Record<string, readonly number[]> => ({
  attn_norm: [hidden],
  attn_q: [hidden, heads * headDim],
  attn_k: [hidden, kvHeads * headDim],
  attn_v: [hidden, kvHeads * headDim],
  attn_q_norm: [headDim],
  attn_k_norm: [headDim],
  attn_output: [heads * headDim, hidden],
  ffn_norm: [hidden],
  ffn_gate: [hidden, ffn],
  ffn_up: [hidden, ffn],
  ffn_down: [ffn, hidden],
});

// llama.cpp would make up a missing tensor and abort the process on a wrong shape, so neither may reach it.
function checkTensors(path: string, tensors: readonly GgufTensor[], shape: ModelShape): void {
  const shapes = new Map(tensors.map((tensor) => [tensor.name, tensor.shape.join(' x ')]));
  const check = (name: string, expected: readonly number[]) => {
    const actual = shapes.get(name);
    if (actual === undefined) refuse(path, `it has no ${name}`, RECONVERT);
    if (actual !== expected.join(' x '))
      refuse(path, `${name} is ${String(actual)}, not ${expected.join(' x ')}`, RECONVERT);
  };
  check('output_norm.weight', [shape.hidden]);
  for (let layer = 0; layer < shape.layers; layer++)
    for (const [name, expected] of Object.entries(layerTensors(shape)))
      check(`blk.${String(layer)}.${name}.weight`, expected);
  const bias = tensors.find(({ name }) => name.endsWith('.bias') && !KNOWN_BIAS.test(name));
  if (bias !== undefined) refuse(path, `it has ${bias.name}, which llama.cpp does not compute`);
}

const KNOWN_BIAS = /^blk\.\d+\.attn_[qkv]\.bias$/;

const READ_BYTES = 16 * 1024 * 1024;

/** Hands out the data of one tensor in blocks that share one buffer. Faults: FILE_UNREADABLE, WEIGHTS_CORRUPT. */
export function* readTensorBlocks(
  file: ModelFile,
  tensor: GgufTensor,
): Generator<{ bytes: Uint8Array; offset: number }> {
  const descriptor = openSync(file.path, 'r');
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, tensor.sizeBytes));
  try {
    for (let offset = 0; offset < tensor.sizeBytes;) {
      const position = file.header.dataOffsetBytes + tensor.offsetBytes + offset;
      const wanted = Math.min(buffer.length, tensor.sizeBytes - offset);
      const got = readSync(descriptor, buffer, 0, wanted, position);
      if (got === 0)
        throw new Fault('WEIGHTS_CORRUPT', { path: file.path, problem: `it ends inside ${tensor.name}` });
      yield { bytes: buffer.subarray(0, got), offset };
      offset += got;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** All data of one tensor. */
export function readTensor(file: ModelFile, tensor: GgufTensor): Uint8Array {
  const all = new Uint8Array(tensor.sizeBytes);
  for (const { bytes, offset } of readTensorBlocks(file, tensor)) all.set(bytes, offset);
  return all;
}
