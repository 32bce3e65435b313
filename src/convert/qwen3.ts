// What is particular to Qwen3, as data: tensor names and shapes, hyper-parameters and their GGUF keys, the
// pre-tokenizer. Rules that read these tables are in admission.ts, hyperparameters.ts, tensor-plan.ts and tokenizer.ts.
// Names and order are those of llama.cpp v0.5.0's converter.

import type { NumberType } from './gguf.ts';

export const ARCHITECTURE = 'qwen3';
export const HF_ARCHITECTURES = ['Qwen3ForCausalLM', 'Qwen3Model'];

/** The lengths that the shapes of a model's layers follow from. */
export interface ModelShape {
  layers: number;
  hidden: number;
  ffn: number;
  heads: number;
  kvHeads: number;
  headDim: number;
}

/** The numbers of config.json: those that all tensors' shapes follow from, and the longest text. */
export interface Hyperparameters extends ModelShape {
  vocabulary: number;
  contextTokens: number;
}

export interface TensorRule {
  /** GGUF name; inside a layer `blk.N.` comes before it. */
  name: string;
  /** Shape of the weight, slowest dimension first; a bias has its first dimension. */
  shape: (h: Hyperparameters) => number[];
  optional?: true;
  /** May have a bias; of all others llama.cpp computes none. */
  bias?: true;
}

/** By Hugging Face name without `model.` and without suffix. */
export const TOP_TENSORS: ReadonlyMap<string, TensorRule> = new Map([
  ['embed_tokens', { name: 'token_embd', shape: (h) => [h.vocabulary, h.hidden] }],
  ['norm', { name: 'output_norm', shape: (h) => [h.hidden] }],
  ['lm_head', { name: 'output', shape: (h) => [h.vocabulary, h.hidden], optional: true }],
]);

/** By what follows `layers.N.`. */
export const LAYER_TENSORS: ReadonlyMap<string, TensorRule> = new Map([
  ['input_layernorm', { name: 'attn_norm', shape: (h) => [h.hidden] }],
  ['self_attn.q_proj', { name: 'attn_q', shape: (h) => [h.heads * h.headDim, h.hidden], bias: true }],
  ['self_attn.k_proj', { name: 'attn_k', shape: (h) => [h.kvHeads * h.headDim, h.hidden], bias: true }],
  ['self_attn.v_proj', { name: 'attn_v', shape: (h) => [h.kvHeads * h.headDim, h.hidden], bias: true }],
  ['self_attn.o_proj', { name: 'attn_output', shape: (h) => [h.hidden, h.heads * h.headDim] }],
  ['self_attn.q_norm', { name: 'attn_q_norm', shape: (h) => [h.headDim] }],
  ['self_attn.k_norm', { name: 'attn_k_norm', shape: (h) => [h.headDim] }],
  ['post_attention_layernorm', { name: 'ffn_norm', shape: (h) => [h.hidden] }],
  ['mlp.gate_proj', { name: 'ffn_gate', shape: (h) => [h.ffn, h.hidden] }],
  ['mlp.up_proj', { name: 'ffn_up', shape: (h) => [h.ffn, h.hidden] }],
  ['mlp.down_proj', { name: 'ffn_down', shape: (h) => [h.hidden, h.ffn] }],
]);

/** Tensors that old checkpoints carry and no model needs. */
export const IGNORED_SUFFIXES = ['.attention.masked_bias', '.attention.bias', '.rotary_emb.inv_freq'];

/** Parts of multimodal checkpoints that a text model does without; the reference leaves them out by these names. */
export const IGNORED_PREFIXES = [
  'mlp',
  'vit.',
  'vpm.',
  'siglip2.',
  'conformer.',
  'merger.',
  'resampler.',
  'sound_encoder.',
  'sound_projection.',
  'speech_embeddings.',
];
export const IGNORED_PARTS =
  /(visual|vision|audio|talker|token2wav|code2wav|projector|patch_merger|patch_merge_mlp|model\.connector)\.|(vision|audio)_|pre_mm_projector_norm|image_newline|view_seperator|patch_embed/;

/** GGUF keys in order; `fallback` is the default of transformers' Qwen3Config, which the reference fills in. */
export const HYPERPARAMETER_KEYS = [
  { key: 'block_count', from: 'num_hidden_layers', fallback: 32 },
  { key: 'context_length', from: 'max_position_embeddings', fallback: 32768 },
  { key: 'embedding_length', from: 'hidden_size', fallback: 4096 },
  { key: 'feed_forward_length', from: 'intermediate_size', fallback: 22016 },
  { key: 'attention.head_count', from: 'num_attention_heads', fallback: 32 },
  { key: 'attention.head_count_kv', from: 'num_key_value_heads', fallback: 32 },
] as const;

export const DEFAULT_SLIDING_WINDOW = 4096;
export const DEFAULT_MAX_WINDOW_LAYERS = 28;
export const DEFAULT_HEAD_DIM = 128;
export const DEFAULT_VOCABULARY = 151936;
export const DEFAULT_ROPE_THETA = 10000;
export const DEFAULT_RMS_EPSILON = 1e-6;

/** Written after the scaling's type, factor and original context, each only when config.json has it. */
export const YARN_KEYS = [
  { key: 'rope.scaling.yarn_ext_factor', from: ['extrapolation_factor'] },
  { key: 'rope.scaling.yarn_attn_factor', from: ['attention_factor', 'attn_factor'] },
  { key: 'rope.scaling.yarn_beta_fast', from: ['beta_fast'] },
  { key: 'rope.scaling.yarn_beta_slow', from: ['beta_slow'] },
] as const;

/** `general.sampling.*` keys in order, from generation_config.json; the first name found counts. */
export const SAMPLING_KEYS: readonly { key: string; from: string[]; type: NumberType | 'string' }[] = [
  { key: 'sequence', from: ['sequence'], type: 'string' },
  { key: 'top_k', from: ['top_k'], type: 'i32' },
  { key: 'top_p', from: ['top_p'], type: 'f32' },
  { key: 'min_p', from: ['min_p'], type: 'f32' },
  { key: 'xtc_probability', from: ['xtc_probability'], type: 'f32' },
  { key: 'xtc_threshold', from: ['xtc_threshold'], type: 'f32' },
  { key: 'temp', from: ['temperature'], type: 'f32' },
  { key: 'penalty_last_n', from: ['penalty_last_n'], type: 'i32' },
  { key: 'penalty_repeat', from: ['penalty_repeat', 'repetition_penalty'], type: 'f32' },
  { key: 'mirostat', from: ['mirostat'], type: 'i32' },
  { key: 'mirostat_tau', from: ['mirostat_tau'], type: 'f32' },
  { key: 'mirostat_eta', from: ['mirostat_eta'], type: 'f32' },
];

/** llama.cpp's number for reading a text's vector at its last token, in files and in contexts. */
export const POOLING_LAST = 3;

/** Pooling in a sentence-transformers config: the first flag that is true, else the newer `pooling_mode`. */
export const POOLING_FLAGS = [
  { flag: 'pooling_mode_mean_tokens', mode: 'mean', type: 1 },
  { flag: 'pooling_mode_cls_token', mode: 'cls', type: 2 },
  { flag: 'pooling_mode_lasttoken', mode: 'lasttoken', type: POOLING_LAST },
] as const;

/** Modules that lose nothing in a GGUF; Normalize is done by this program itself. */
export const KNOWN_MODULES = ['Transformer', 'Pooling', 'Normalize'];

/** Ids of added tokens that are looked for in normalised text; of our own, in files of tokenizers that have some. */
export const NORMALISED_TOKENS_KEY = 'qwen_embed.normalised_tokens';

/** llama.cpp's kinds of tokens in `tokenizer.ggml.token_type`. The added ones are control or user-defined. */
export const TOKEN_TYPES = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;

/** What llama.cpp's pre-tokenizer `qwen2` implements: this pattern, each match by itself, then bytes. */
export const QWEN2_SPLIT_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
