// SGLang's choice of kernels, and its CUDA graphs.
import { choice, flag, json, list, text, twin, type Topic } from './entry.ts';

const ATTENTION =
  'triton torch_native flex_attention dsa nsa dsv4 compressed cutlass_mla fa3 fa4 flashinfer flashmla trtllm_mla ' +
  'cutedsl_mla tokenspeed_mla trtllm_mha dual_chunk_flash_attn hpc_ops minicpm_flashattn minicpm_flashinfer aiter ' +
  'wave intel_amx ascend intel_xpu qsa mlu';

export const KERNELS: readonly Topic[] = [
  {
    title: "SGLang's attention and kernels",
    why: 'the device and the plan decide on kernels',
    accept: {
      'attention-backend': choice(ATTENTION, 'kernels for attention'),
      'enable-flashinfer': flag('switch of the first releases for FlashInfer'),
      'flashinfer-autotune-skip-ops': list('text', 'operations that are not tuned'),
      'radix-cache-backend': text('plug-in for the prefix cache'),
      'cuda-graph-config': json('object', 'settings of CUDA graphs per phase'),
      'dcp-replicate-q-proj': twin('every rank has the whole query projection'),
    },
  },
];
