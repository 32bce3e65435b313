// SGLang's flags for models with experts.
import { choice, flag, integer, number, text, type Topic } from './entry.ts';

export const A2A_BACKENDS =
  'none deepep mooncake nixl mori ascend_fuseep flashinfer megamoe deepep_v2 pplx ascend_tp flashinfer_megamoe';
export const MOE_RUNNERS =
  'auto deep_gemm triton triton_kernel flashinfer_trtllm experimental_sgl_trtllm flashinfer_trtllm_routed ' +
  'flashinfer_cutlass flashinfer_mxfp4 flashinfer_cutedsl cutlass aiter marlin humming experimental_sgl_marlin hpc_ops ' +
  'megamoe flashinfer_megamoe';

const EXPERTS: Topic = {
  title: "SGLang's experts",
  why: 'the models have no experts',
  accept: {
    'ep-size': integer('GPUs that share the experts', { aliases: ['ep', 'expert-parallel-size'] }),
    'moe-a2a-backend': choice(A2A_BACKENDS, 'exchange between experts'),
    'enable-w4a4-mxfp4-megamoe': flag('experts in 4 bits'),
    'deepep-v2-mode': choice('direct hybrid', 'mode of DeepEP 2'),
    'moe-runner-backend': choice(MOE_RUNNERS, 'kernels of experts'),
    'flashinfer-mxfp4-moe-precision': choice('default bf16 fp8', 'number format between them'),
    'deepep-mode': choice('auto normal low_latency', 'mode of DeepEP'),
    'fuseep-mode': choice('1 2', 'mode on NPUs'),
    'deepep-dispatcher-output-dtype': choice('auto bf16 fp8 int8 nvfp4', 'number format of the exchange'),
    'flashinfer-a2a-dispatch-type': choice('auto bf16 nvfp4 mxfp8', 'the same for FlashInfer'),
    'ep-num-redundant-experts': integer('experts that are there twice'),
    'ep-dispatch-algorithm': choice('static dynamic fake lp', 'which of them is asked'),
    'init-expert-location': text('where experts are at first'),
    'enable-eplb': flag('move experts to where they are needed'),
    'eplb-algorithm': text('how that is decided'),
    'eplb-rebalance-num-iterations': integer('how often'),
    'eplb-rebalance-layers-per-chunk': integer('layers at a time'),
    'eplb-min-rebalancing-utilization-threshold': number('use that lets them stay'),
    'expert-distribution-recorder-mode': choice('stat stat_approx per_pass per_token', 'record their use'),
    'expert-distribution-recorder-buffer-size': integer('size of the record'),
    'expert-balancedness-report-mode': choice('off server_log prometheus both', 'where their use is told'),
    'deepep-config': text('tuning of DeepEP'),
    'moe-dense-tp-size': integer('slices of the dense layers'),
    'elastic-ep-backend': choice('none mooncake nixl', 'experts that come and go'),
    'enable-elastic-expert-backup': flag('a copy of every expert'),
    'mooncake-ib-device': text('network device'),
    'enable-waterfill': flag('even out shared experts'),
    'elastic-ep-join-mode': choice('scale recover', 'how one joins'),
    'elastic-ep-join-rank-offset': integer('where one joins'),
    'elastic-ep-initial-size': integer('how many at first'),
    'max-ep-size': integer('how many at most'),
    'elastic-ep-scale-timeout': number('seconds to wait for one'),
    'elastic-ep-rejoin': flag('older name of --elastic-ep-join-mode recover'),
    'disable-flashinfer-cutlass-moe-fp4-allgather': flag('exchange before packing'),
    'disable-shared-experts-fusion': flag('shared experts apart'),
    'enforce-shared-experts-fusion': flag('shared experts in one kernel'),
    'enable-fused-grouped-gemm-combine': flag('products and sums in one kernel'),
    'enable-ep-moe': flag('older way to --ep-size'),
    'enable-deepep-moe': flag('older way to --moe-a2a-backend deepep'),
    'enable-flashinfer-cutlass-moe': flag('older way to --moe-runner-backend'),
    'enable-flashinfer-cutedsl-moe': flag('older way to --moe-runner-backend'),
    'enable-flashinfer-trtllm-moe': flag('older way to --moe-runner-backend'),
    'enable-flashinfer-mxfp4-moe': flag('older way to --moe-runner-backend'),
    'enable-triton-kernel-moe': flag('older way to --moe-runner-backend'),
    'enable-deepep-waterfill': flag('older name of --enable-waterfill'),
  },
};

export const EXPERT_TOPICS: readonly Topic[] = [EXPERTS];
