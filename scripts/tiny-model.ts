// Makes a tiny Qwen3-Embedding-shaped Hugging Face folder: the real Qwen3 tokenizer, small random weights, the same
// bytes on every machine (seeded-weights.ts). Tests and benchmarks run on it where nobody has downloaded a model.

import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { bf16FromF32, f16FromF32 } from '../src/convert/floats.ts';
import type { ModelShape } from '../src/convert/qwen3.ts';
import { drawWeights, product, type SeededTensor } from './seeded-weights.ts';

export interface TinyModelSpec extends ModelShape {
  name: string;
  seed: number;
  /** One file, two files with an index, or one file whose tensor names start with `model.`. */
  variant: 'single' | 'sharded' | 'causal';
  dtype: 'bf16' | 'f16' | 'f32';
  vocab: number;
}

const END_OF_TEXT = { content: '<|endoftext|>', id: 151643 };
const TORCH_DTYPES = { bf16: 'bfloat16', f16: 'float16', f32: 'float32' };

/** `tokenizerFolder` holds Qwen3's tokenizer.json and tokenizer_config.json. Takes about a second. */
export function makeTinyModel(options: {
  spec: TinyModelSpec;
  tokenizerFolder: string;
  outFolder: string;
}): void {
  writeCompanions(options);
  writeWeights(options.spec, options.outFolder);
}

/** Makes the folder with everything but weights. */
export function writeCompanions(options: {
  spec: TinyModelSpec;
  tokenizerFolder: string;
  outFolder: string;
}): void {
  const { spec, tokenizerFolder, outFolder } = options;
  mkdirSync(join(outFolder, '1_Pooling'), { recursive: true });
  for (const [name, value] of Object.entries(describe(spec)))
    writeFileSync(join(outFolder, name), JSON.stringify(value, null, 2));
  writeTokenizer(tokenizerFolder, outFolder);
}

function writeWeights(spec: TinyModelSpec, outFolder: string): void {
  const tensors = listTensors(spec);
  const file = (name: string): string => join(outFolder, name);
  if (spec.variant !== 'sharded') {
    writeSafetensors(spec, { path: file('model.safetensors'), tensors });
    return;
  }
  const half = Math.floor(tensors.length / 2);
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const totalBytes =
    writeSafetensors(spec, { path: file(names[0]), tensors: tensors.slice(0, half) }) +
    writeSafetensors(spec, { path: file(names[1]), tensors: tensors.slice(half) });
  const weightMap = Object.fromEntries(tensors.map(({ name }, index) => [name, names[index < half ? 0 : 1]]));
  writeFileSync(
    file('model.safetensors.index.json'),
    JSON.stringify({ metadata: { total_size: totalBytes }, weight_map: weightMap }, null, 2),
  );
}

/** Tensors in the order of the file. */
export function listTensors(spec: TinyModelSpec): SeededTensor[] {
  const { hidden, ffn, layers, heads, kvHeads, headDim, vocab, variant } = spec;
  const prefix = variant === 'causal' ? 'model.' : '';
  const norm = (name: string, size: number): SeededTensor => ({ name, shape: [size], scale: 0.1, bias: 1 });
  const matrix = (name: string, [rows, columns]: [number, number]): SeededTensor => {
    return { name, shape: [rows, columns], scale: 1 / Math.sqrt(columns), bias: 0 };
  };
  const embedding = { ...matrix(`${prefix}embed_tokens.weight`, [vocab, hidden]), scale: 0.5 };
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const name = (part: string): string => `${prefix}layers.${String(layer)}.${part}.weight`;
    return [
      norm(name('input_layernorm'), hidden),
      matrix(name('mlp.down_proj'), [hidden, ffn]),
      matrix(name('mlp.gate_proj'), [ffn, hidden]),
      matrix(name('mlp.up_proj'), [ffn, hidden]),
      norm(name('post_attention_layernorm'), hidden),
      norm(name('self_attn.k_norm'), headDim),
      matrix(name('self_attn.k_proj'), [kvHeads * headDim, hidden]),
      matrix(name('self_attn.o_proj'), [hidden, heads * headDim]),
      norm(name('self_attn.q_norm'), headDim),
      matrix(name('self_attn.q_proj'), [heads * headDim, hidden]),
      matrix(name('self_attn.v_proj'), [kvHeads * headDim, hidden]),
    ];
  });
  return [embedding, ...blocks.flat(), norm(`${prefix}norm.weight`, hidden)];
}

function writeSafetensors(spec: TinyModelSpec, file: { path: string; tensors: SeededTensor[] }): number {
  const { header, dataBytes } = renderSafetensorsHeader(spec, file.tensors);
  const descriptor = openSync(file.path, 'w');
  writeSync(descriptor, header);
  for (const tensor of file.tensors)
    writeSync(descriptor, encode(spec.dtype, drawWeights(spec.seed, tensor)));
  closeSync(descriptor);
  return dataBytes;
}

/** Length and JSON of a .safetensors file that holds the tensors one after another. */
export function renderSafetensorsHeader(
  spec: TinyModelSpec,
  tensors: readonly SeededTensor[],
): { header: Buffer; dataBytes: number } {
  let offset = 0;
  const entries = tensors.map(({ name, shape }) => {
    const start = offset;
    offset += product(shape) * (spec.dtype === 'f32' ? 4 : 2);
    return [name, { dtype: spec.dtype.toUpperCase(), shape, data_offsets: [start, offset] }] as const;
  });
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return { header: Buffer.concat([length, Buffer.from(padded)]), dataBytes: offset };
}

function encode(dtype: TinyModelSpec['dtype'], weights: Float32Array): Uint8Array {
  if (dtype === 'f32') return new Uint8Array(weights.buffer);
  const bits = new Uint32Array(weights.buffer);
  return new Uint8Array(Uint16Array.from(bits, dtype === 'bf16' ? bf16FromF32 : f16FromF32).buffer);
}

/** The JSON files beside weights and tokenizer, by path. */
function describe(spec: TinyModelSpec): Record<string, unknown> {
  const module = (idx: number, path: string, type: string): object => {
    return { idx, name: String(idx), path, type: `sentence_transformers.models.${type}` };
  };
  return {
    'config.json': describeConfig(spec),
    'modules.json': [
      module(0, '', 'Transformer'),
      module(1, '1_Pooling', 'Pooling'),
      module(2, '2_Normalize', 'Normalize'),
    ],
    '1_Pooling/config.json': {
      word_embedding_dimension: spec.hidden,
      pooling_mode_cls_token: false,
      pooling_mode_mean_tokens: false,
      pooling_mode_max_tokens: false,
      pooling_mode_mean_sqrt_len_tokens: false,
      pooling_mode_weightedmean_tokens: false,
      pooling_mode_lasttoken: true,
      include_prompt: true,
    },
    'config_sentence_transformers.json': {
      prompts: {
        query: 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:',
        document: '',
      },
      default_prompt_name: null,
      similarity_fn_name: 'cosine',
    },
    'generation_config.json': {
      bos_token_id: END_OF_TEXT.id,
      eos_token_id: END_OF_TEXT.id,
      max_new_tokens: 2048,
      transformers_version: '4.51.3',
    },
  };
}

function describeConfig(spec: TinyModelSpec): object {
  return {
    architectures: ['Qwen3ForCausalLM'],
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: END_OF_TEXT.id,
    eos_token_id: END_OF_TEXT.id,
    head_dim: spec.headDim,
    hidden_act: 'silu',
    hidden_size: spec.hidden,
    initializer_range: 0.02,
    intermediate_size: spec.ffn,
    max_position_embeddings: 32768,
    max_window_layers: spec.layers,
    model_type: 'qwen3',
    num_attention_heads: spec.heads,
    num_hidden_layers: spec.layers,
    num_key_value_heads: spec.kvHeads,
    rms_norm_eps: 1e-6,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: null,
    tie_word_embeddings: true,
    torch_dtype: TORCH_DTYPES[spec.dtype],
    transformers_version: '4.51.2',
    use_cache: true,
    use_sliding_window: false,
    vocab_size: spec.vocab,
  };
}

// The published embedding models append <|endoftext|> to every text; the chat models' tokenizer does not.
function writeTokenizer(tokenizerFolder: string, outFolder: string): void {
  const tokenizer = JSON.parse(readFileSync(join(tokenizerFolder, 'tokenizer.json'), 'utf8')) as object;
  const sequence = (id: string, typeId: number): object => ({ Sequence: { id, type_id: typeId } });
  const end = (typeId: number): object => ({ SpecialToken: { id: END_OF_TEXT.content, type_id: typeId } });
  const { content: token, id } = END_OF_TEXT;
  const template = {
    type: 'TemplateProcessing',
    single: [sequence('A', 0), end(0)],
    pair: [sequence('A', 0), end(0), sequence('B', 1), end(1)],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const withEnd = { ...tokenizer, post_processor: { type: 'Sequence', processors: [bytes, template] } };
  writeFileSync(join(outFolder, 'tokenizer.json'), JSON.stringify(withEnd));
  copyFileSync(join(tokenizerFolder, 'tokenizer_config.json'), join(outFolder, 'tokenizer_config.json'));
}
