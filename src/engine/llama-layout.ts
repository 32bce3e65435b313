// Half of llama.cpp's C ABI, as data: the struct layouts of the version that node-llama-cpp is pinned to (v0.5.0)
// and the defaults that prove them. The other half is llama-abi.ts; no third file knows the ABI.
// koffi registers each type under its C name; the signatures in llama-abi.ts refer to them by it.
import koffi from 'koffi';

koffi.struct('llama_model_params', {
  devices: 'void *',
  tensor_buft_overrides: 'void *',
  n_gpu_layers: 'int32',
  split_mode: 'int32',
  load_mode: 'int32',
  lazy_mode: 'int32',
  main_gpu: 'int32',
  tensor_split: 'void *',
  progress_callback: 'void *',
  progress_callback_user_data: 'void *',
  kv_overrides: 'void *',
  vocab_only: 'bool',
  check_tensors: 'bool',
  use_extra_bufts: 'bool',
  no_host: 'bool',
  no_alloc: 'bool',
  load_mtp: 'bool',
});

koffi.struct('llama_context_params', {
  n_ctx: 'uint32',
  n_batch: 'uint32',
  n_ubatch: 'uint32',
  n_seq_max: 'uint32',
  n_rs_seq: 'uint32',
  n_outputs_max: 'uint32',
  n_outputs_max_per_seq: 'uint32',
  n_threads: 'int32',
  n_threads_batch: 'int32',
  ctx_type: 'int32',
  rope_scaling_type: 'int32',
  pooling_type: 'int32',
  attention_type: 'int32',
  flash_attn_type: 'int32',
  rope_freq_base: 'float',
  rope_freq_scale: 'float',
  yarn_ext_factor: 'float',
  yarn_attn_factor: 'float',
  yarn_beta_fast: 'float',
  yarn_beta_slow: 'float',
  yarn_orig_ctx: 'uint32',
  defrag_thold: 'float',
  cb_eval: 'void *',
  cb_eval_user_data: 'void *',
  type_k: 'int32',
  type_v: 'int32',
  abort_callback: 'void *',
  abort_callback_data: 'void *',
  embeddings: 'bool',
  offload_kqv: 'bool',
  no_perf: 'bool',
  op_offload: 'bool',
  swa_full: 'bool',
  kv_unified: 'bool',
  samplers: 'void *',
  n_samplers: 'size_t',
  ctx_other: 'void *',
});

koffi.struct('llama_batch', {
  n_tokens: 'int32',
  token: 'void *',
  embd: 'void *',
  pos: 'void *',
  n_seq_id: 'void *',
  seq_id: 'void *',
  logits: 'void *',
});

koffi.struct('gguf_init_params', { no_alloc: 'bool', ctx: 'void *' });

koffi.struct('ggml_init_params', { mem_size: 'size_t', mem_buffer: 'void *', no_alloc: 'bool' });

export const SET_THREADS = koffi.proto('void ggml_backend_set_n_threads(void *backend, int threads)');

koffi.proto('void llama_model_set_tensor_data(void *tensor, void *userdata)');
export const LOG_CALLBACK = koffi.proto(
  'void ggml_log_callback(int level, const char *text, void *user_data)',
);

export interface ModelParams {
  n_gpu_layers: number;
  split_mode: number;
  load_mode: number;
  use_extra_bufts: boolean;
  vocab_only: boolean;
}

export interface ContextParams {
  n_ctx: number;
  n_batch: number;
  n_ubatch: number;
  n_seq_max: number;
  n_threads: number;
  n_threads_batch: number;
  pooling_type: number;
  flash_attn_type: number;
  embeddings: boolean;
  kv_unified: boolean;
}

/** Pointers must stay valid (referenced) until the decode that uses them is over. */
export interface Batch {
  n_tokens: number;
  token: Int32Array | null;
  embd: Float32Array | null;
  pos: Int32Array;
  n_seq_id: Int32Array;
  seq_id: BigInt64Array;
  logits: Int8Array;
}

/** What llama.cpp v0.5.0 answers to `*_default_params()`; a shifted layout cannot reproduce all of these. */
export const KNOWN_MODEL_DEFAULTS = {
  devices: null,
  n_gpu_layers: -1,
  split_mode: 1,
  load_mode: -1,
  lazy_mode: 1,
  main_gpu: 0,
  kv_overrides: null,
  vocab_only: false,
  check_tensors: false,
  use_extra_bufts: true,
  no_host: false,
  no_alloc: false,
  load_mtp: false,
};
export const KNOWN_CONTEXT_DEFAULTS = {
  n_ctx: 512,
  n_batch: 2048,
  n_ubatch: 512,
  n_seq_max: 1,
  n_outputs_max: 0,
  n_outputs_max_per_seq: 1,
  rope_scaling_type: -1,
  pooling_type: -1,
  attention_type: -1,
  flash_attn_type: -1,
  yarn_ext_factor: -1,
  defrag_thold: -1,
  cb_eval: null,
  type_k: 1,
  type_v: 1,
  embeddings: false,
  offload_kqv: true,
  op_offload: true,
  swa_full: true,
  kv_unified: false,
  samplers: null,
  n_samplers: 0,
  ctx_other: null,
};

/** The first field in which `actual` differs from `known`, in words; null when none does. Pure. */
export function findLayoutDifference(actual: object, known: object): string | null {
  const values = new Map(Object.entries(actual));
  for (const [field, expected] of Object.entries(known)) {
    const value: unknown = values.get(field);
    if (value !== expected) return `${field} defaults to ${String(value)}, expected ${String(expected)}`;
  }
  return null;
}
