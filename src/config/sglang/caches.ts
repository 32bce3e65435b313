// SGLang's state-space models, its tiers of caches, and what it moves to the host.
import { choice, flag, integer, json, number, text, twin, type Topic } from './entry.ts';

const LINEAR = 'triton cutedsl flashinfer flashkda nvidia_kda ptx_kda helion intel_xpu';

const STATES: Topic = {
  title: "SGLang's Mamba and linear attention",
  why: 'the models have attention only',
  accept: {
    'max-mamba-cache-size': integer('states that are kept'),
    'mamba-ssm-dtype': choice('float32 bfloat16 float16', 'number format of states'),
    'mamba-max-states-per-path': integer('states per prefix'),
    'enable-mamba-cache-stochastic-rounding': flag('round states by chance'),
    'mamba-cache-philox-rounds': integer('rounds of that chance'),
    'mamba-full-memory-ratio': number('memory for states'),
    'mamba-radix-cache-strategy': choice(
      'auto no_buffer extra_buffer extra_buffer_lazy',
      'how states are kept',
    ),
    'mamba-scheduler-strategy': choice(
      'auto no_buffer extra_buffer extra_buffer_lazy',
      'older name of --mamba-radix-cache-strategy',
    ),
    'mamba-track-interval': integer('tokens between states'),
    'enable-int8-mamba-checkpoint': flag('states in 8 bits'),
    'int8-mamba-ckpt-size': integer('how many of them'),
    'linear-attn-backend': choice(LINEAR, 'kernels for linear attention'),
    'linear-attn-decode-backend': choice(LINEAR, 'the same, while decoding'),
    'linear-attn-prefill-backend': choice(LINEAR, 'the same, for prompts'),
    'linear-attn-verify-backend': choice(`${LINEAR} nv_cutedsl`, 'the same, when verifying'),
    'enable-linear-replayssm': flag('compute states again'),
    'linear-replayssm-cache-len': integer('tokens for that'),
    'enable-linear-replayssm-spec': flag('the same with guessed tokens'),
    'enable-gdn-replayssm-spec': flag('older name of --enable-linear-replayssm-spec'),
  },
};

const TIERS: Topic = {
  title: "SGLang's tiers of caches",
  why: 'keys and values are not kept after a text is done',
  accept: {
    'enable-hierarchical-cache': flag('a second tier in memory'),
    'hicache-host-memory-mode': choice('cache buffer_only', 'what that memory is'),
    'hicache-ratio': number('its size to that of the first tier'),
    'hicache-size': integer('its size in GB'),
    'hicache-write-policy': choice('write_back write_through write_through_selective', 'when it is written'),
    'hicache-io-backend': choice('direct kernel kernel_ascend', 'how it is written'),
    'hicache-mem-layout': choice(
      'layer_first page_first page_first_direct page_first_kv_split page_head',
      'its layout',
    ),
    'hicache-storage-backend': choice(
      'file sim mooncake hf3fs nixl aibrix dynamic eic simm mori shm kvcc npu_memcache',
      'a third tier',
    ),
    'hicache-storage-prefetch-policy': choice(
      'best_effort wait_complete timeout',
      'how long it is read ahead',
    ),
    'hicache-storage-prefetch-retry-poll-interval': integer('pause between attempts'),
    'hicache-storage-prefetch-retry-max-attempts': integer('attempts'),
    'hicache-storage-backend-extra-config': json('anything', 'its settings'),
    'disable-hicache-numa-detect': flag('do not look for memory nodes'),
    'enable-hisparse': flag('a second tier for sparse attention'),
    'hisparse-config': json('anything', 'its settings', {
      aliases: ['hierarchical-sparse-attention-extra-config'],
    }),
    'enable-unified-cache-external-linker': flag('a third tier without the second'),
    'unified-cache-external-linker-backend': choice('mooncake mori', 'how it is reached'),
    'mooncake-enable-page-wise-load': flag('read it page by page'),
    'mooncake-page-wise-load-threshold': integer('pages from which on'),
    'enable-lmcache': flag('LMCache'),
    'lmcache-config-file': text('its settings'),
    'enable-flexkv': flag('FlexKV'),
    'flexkv-config-file': text('its settings'),
    'hybrid-kvcache-ratio': number('kinds of cache, in older releases'),
  },
};

const OFFLOAD: Topic = {
  title: "SGLang's overlap and offloading",
  why: 'lanes overlap batches, and weights are where the plan puts them',
  accept: {
    'enable-two-batch-overlap': flag('two halves of a batch at a time'),
    'enable-single-batch-overlap': flag('overlap inside a batch'),
    'tbo-token-distribution-threshold': number('where it is cut'),
    'cpu-offload-gb': integer('GB of weights on the host'),
    'offload-group-size': integer('layers per group'),
    'offload-num-in-group': integer('of which on the host'),
    'offload-prefetch-step': integer('groups fetched ahead'),
    'offload-mode': text('where they are'),
    'ple-offload-embedding': twin('token vectors on the host'),
    'ple-offload-backend': choice('pinned file', 'where they are'),
    'ple-offload-dir': text('their folder'),
    'kt-weight-path': text('weights for KTransformers'),
    'kt-method': text('their number format'),
    'kt-cpuinfer': integer('its threads'),
    'kt-threadpool-count': integer('its pools'),
    'kt-num-gpu-experts': integer('its experts on GPUs'),
    'kt-max-deferred-experts-per-token': integer('its late experts'),
  },
};

export const CACHE_TOPICS: readonly Topic[] = [STATES, TIERS, OFFLOAD];
