// SGLang's choice of kernels, its CUDA graphs, its communication between GPUs, torch.compile.
import { choice, flag, human, integer, json, list, text, twin, type Topic } from './entry.ts';

const ATTENTION =
  'triton torch_native flex_attention dsa nsa dsv4 compressed cutlass_mla fa3 fa4 flashinfer flashmla trtllm_mla ' +
  'cutedsl_mla tokenspeed_mla trtllm_mha dual_chunk_flash_attn hpc_ops minicpm_flashattn minicpm_flashinfer aiter ' +
  'wave intel_amx ascend intel_xpu qsa mlu';
const SPARSE =
  'flashmla_sparse flashmla_sparse_q8 flashmla_kv flashmla_auto flashinfer_sparse_mla fa3 tilelang aiter trtllm';
const FLASH = 'flash attention is on wherever it does not cost exactness, with or without the flag';

const KERNELS: Topic = {
  title: "SGLang's kernels",
  why: 'llama.cpp has one kind of kernel per device',
  accept: {
    'attention-backend': choice(ATTENTION, 'kernels for attention', { why: FLASH }),
    'decode-attention-backend': choice(ATTENTION, 'the same, while decoding', { why: FLASH }),
    'prefill-attention-backend': choice(ATTENTION, 'the same, for prompts', { why: FLASH }),
    'enable-flashinfer': flag('switch of the first releases for FlashInfer', { why: FLASH }),
    'disable-flashinfer': flag('its opposite', { why: FLASH }),
    'disable-flashinfer-sampling': flag('sampling without FlashInfer', { why: 'nothing is sampled' }),
    'sampling-backend': choice('flashinfer pytorch ascend intel_xpu', 'kernels for sampling', {
      why: 'nothing is sampled',
    }),
    'grammar-backend': choice('xgrammar outlines llguidance none', 'engine for grammars', {
      why: 'embeddings generate no text',
    }),
    'radix-cache-backend': text('plug-in for the prefix cache'),
    'mm-attention-backend': choice(
      'sdpa fa3 fa4 triton_attn ascend_attn aiter_attn flashinfer_cudnn amx_attn xpu_attn',
      'attention over images',
    ),
    'fp8-gemm-backend': choice(
      'auto deep_gemm flashinfer_trtllm flashinfer_cutlass flashinfer_deepgemm flashinfer_cutedsl cutlass triton aiter',
      'products in FP8',
    ),
    'fp4-gemm-backend': choice(
      'auto flashinfer_cudnn flashinfer_cutedsl flashinfer_cutlass flashinfer_trtllm marlin',
      'products in FP4',
    ),
    'bf16-gemm-backend': choice('auto cutedsl gemv torch', 'products in bfloat16'),
    'dsa-prefill-backend': choice(SPARSE, 'sparse attention over prompts'),
    'dsa-decode-backend': choice(SPARSE, 'sparse attention while decoding'),
    'nsa-prefill-backend': choice(SPARSE, 'older name of --dsa-prefill-backend'),
    'nsa-decode-backend': choice(SPARSE, 'older name of --dsa-decode-backend'),
    'dsv4-prefill-backend': choice('auto flashmla_sparse flashmla_sparse_q8', "one model's prompts"),
    'dsv4-attn-backend': choice('auto flashmla trtllm', "one model's attention"),
    'dsa-paged-mqa-logits-backend': choice('auto deepgemm cutedsl aiter', 'index of sparse attention'),
    'dsa-topk-backend': choice('sgl-kernel torch flashinfer', 'choice of sparse attention'),
    'dsa-triton-union': choice('0 2 4', 'sparse attention on Triton'),
    'enable-dsa-fused-indexer': twin('index of sparse attention in one kernel'),
    'disable-flashinfer-autotune': flag('no tuning at the start'),
    'flashinfer-autotune-skip-ops': list('text', 'operations that are not tuned'),
    'mamba-backend': choice('triton flashinfer', 'kernels for state spaces'),
    'enable-lean-attention': flag('decoding on AMD'),
    'prefill-kv-cache-dequant-dtype': choice('auto nvfp4 fp8_e4m3', 'how a packed cache is read'),
    'enable-encoder-swa-bounded-replay': flag("one encoder's sliding windows"),
    'enable-decoder-swa-bounded-replay': flag("one decoder's sliding windows"),
    'sampling-mask-max-tokens': integer('longest mask of the sampler', { why: 'nothing is sampled' }),
    'constrained-json-whitespace-pattern': text('blanks in constrained JSON', {
      why: 'embeddings generate no text',
    }),
    'constrained-json-disable-any-whitespace': flag('no blanks in it', {
      why: 'embeddings generate no text',
    }),
    'constrained-json-max-whitespace-cnt': integer('most blanks in it', {
      why: 'embeddings generate no text',
    }),
    'enable-layerwise-nvtx-marker': flag("marks for NVIDIA's profiler"),
    'triton-attention-reduce-in-fp32': flag('sums in float32'),
    'triton-attention-num-kv-splits': integer('pieces of attention'),
    'triton-attention-split-tile-size': integer('size of such a piece'),
    'flashinfer-mla-disable-ragged': flag('another wrapper of attention'),
    'enable-fused-qk-norm-rope': flag('norms and rotation in one kernel'),
    'enable-precise-embedding-interpolation': flag('positions in images'),
    'enable-deepseek-v4-fp4-indexer': flag("one model's index in FP4"),
    'enable-scattered-sconv': flag("one model's convolutions"),
  },
};

const GRAPH_BACKENDS = 'full breakable tc_piecewise disabled';

const GRAPHS: Topic = {
  title: "SGLang's CUDA graphs and torch.compile",
  why: 'llama.cpp repeats CUDA graphs by itself, and nothing is compiled',
  accept: {
    'cuda-graph-config': json('anything', 'settings per phase'),
    'cuda-graph-backend-decode': choice(GRAPH_BACKENDS, 'graphs of decoding'),
    'cuda-graph-backend-prefill': choice(GRAPH_BACKENDS, 'graphs of prompts'),
    'cuda-graph-max-bs-decode': integer('largest batch with a graph of decoding'),
    'cuda-graph-max-bs-prefill': integer('largest batch with a graph of prompts'),
    'cuda-graph-bs-decode': list('integer', 'batches with a graph of decoding'),
    'cuda-graph-bs-prefill': list('integer', 'batches with a graph of prompts'),
    'cuda-graph-max-seq-len-prefill': integer('longest prompt with a graph'),
    'cuda-graph-prefill-max-context': human('longest context with a graph', { aliases: ['context-bucket'] }),
    'cuda-graph-tc-compiler': choice('eager inductor', 'compiler of pieces'),
    'disable-prefill-cuda-graph': flag('no graphs of prompts'),
    'disable-decode-cuda-graph': flag('no graphs of decoding'),
    'disable-cuda-graph-padding': flag('batches are not filled up'),
    'enable-profile-cuda-graph': flag('profile the making of graphs'),
    'enable-cudagraph-gc': flag('clean up while graphs are made'),
    'debug-cuda-graph': flag("graphs' code without graphs"),
    'cuda-graph-max-bs': integer('older name of --cuda-graph-max-bs-decode'),
    'cuda-graph-bs': list('integer', 'older name of --cuda-graph-bs-decode'),
    'disable-cuda-graph': flag('no graphs, in older releases'),
    'enable-breakable-cuda-graph': flag('graphs that may be left, in older releases'),
    'enable-piecewise-cuda-graph': flag('graphs in pieces, in older releases'),
    'disable-piecewise-cuda-graph': flag('its opposite'),
    'enforce-piecewise-cuda-graph': flag('graphs in pieces, always'),
    'piecewise-cuda-graph-tokens': list('integer', 'older name of --cuda-graph-bs-prefill'),
    'piecewise-cuda-graph-max-tokens': integer('older name of --cuda-graph-max-bs-prefill'),
    'piecewise-cuda-graph-compiler': choice('eager inductor', 'older name of --cuda-graph-tc-compiler'),
    'enable-torch-compile': flag('compile the model'),
    'enable-torch-compile-debug-mode': flag('the same, with checks'),
    'torch-compile-max-bs': integer('largest compiled batch', { aliases: ['max-torch-compile-bs'] }),
  },
};

const COMMUNICATION: Topic = {
  title: "SGLang's communication between GPUs",
  why: 'llama.cpp carries sums between GPUs by itself',
  accept: {
    'enable-nccl-nvls': flag('sums inside NVLink'),
    'enable-symm-mem': flag('symmetric memory of NCCL'),
    'enable-torch-symm-mem': flag('symmetric memory of torch'),
    'disable-custom-all-reduce': flag('NCCL alone'),
    'enable-mscclpp': flag('MSCCL++'),
    'pre-warm-nccl': flag('first exchange at the start'),
    'enable-quant-communications': flag('exchange in 8 bits'),
    'enable-fused-moe-sum-all-reduce': flag('sums of experts in one kernel'),
    'enforce-disable-flashinfer-allreduce-fusion': flag('sums and norms apart'),
    'flashinfer-allreduce-fusion-backend': choice(
      'auto trtllm mnnvl cutedsl',
      'sums and norms in one kernel',
    ),
    'enable-flashinfer-allreduce-fusion': flag('the same, in older releases'),
    'enable-aiter-allreduce-fusion': flag('the same on AMD'),
    'disable-aiter-allreduce-fusion-in-prefill': flag('not for prompts'),
    'disable-aiter-allreduce-fusion-in-decode': flag('not while decoding'),
  },
};

export const KERNEL_TOPICS: readonly Topic[] = [KERNELS, GRAPHS, COMMUNICATION];
