// SGLang's flags on the model, its files, its number formats, and how weights are read or replaced.
import { choice, flag, integer, json, list, text, type Topic } from './entry.ts';

export const FORMATS =
  'auto pt safetensors npcache dummy sharded_state presharded gguf expert_pack bitsandbytes mistral layered flash_rl ' +
  'remote remote_instance fastsafetensors private runai_streamer';

export const QUANTIZATIONS =
  'awq fp8 mxfp8 gptq marlin gptq_marlin awq_marlin bitsandbytes gguf modelopt modelopt_fp8 modelopt_fp4 nvfp4_online ' +
  'modelopt_mixed petit_nvfp4 w8a8_int8 w8a8_fp8 moe_wna16 w4afp8 mxfp4 auto-round auto-round-int8 compressed-tensors ' +
  'modelslim mxfp_w4a8 quark quark_int4fp8_moe quark_mxfp4 mlx_q4 mlx_q8 unquant humming';

const OUTTYPE = 'choose the type of the weights with --outtype: bf16, f16, q8_0 or f32';

const MODEL: Topic = {
  title: "SGLang's model and tokenizer",
  why: 'the model file brings its tokenizer and its shape',
  accept: {
    'tokenizer-mode': choice('auto slow', 'which tokenizer of transformers'),
    'tokenizer-backend': choice('huggingface fastokens', 'library of the tokenizer'),
    'tokenizer-worker-num': integer('processes that tokenise', { min: 1, why: 'each worker tokenises' }),
    'detokenizer-worker-num': integer('processes that detokenise', { min: 1 }),
    'trust-remote-code': flag("run the repository's own Python", {
      why: 'no code of a repository is ever run',
    }),
    'is-embedding': flag('serve embeddings', { isAlways: true, why: 'nothing else is served' }),
    'model-config-parser': text('parser of config.json'),
  },
  reject: {
    'load-format': choice(FORMATS, 'how weights are read', {
      unless: ['auto', 'safetensors', 'gguf'],
      why: 'weights are safetensors or GGUF, and the files say which',
    }),
    'model-loader-extra-config': json('object', 'options of the loader', {
      unless: ['{}'],
      why: 'there is one loader, without options',
    }),
    'enable-multimodal': flag('inputs of images and sound', { why: 'the models read text only' }),
    'model-impl': choice('auto sglang transformers mindspore', "whose model's code", {
      unless: ['auto', 'sglang', 'transformers'],
      why: 'the model runs on llama.cpp',
    }),
  },
};

const NUMBERS: Topic = {
  title: "SGLang's quantization and number formats",
  why: 'the type of the weights decides',
  accept: {
    'enable-fp32-lm-head': flag('logits in float32', { why: 'embeddings have no logits' }),
    'enable-tf32-matmul': flag('TF32 products on CUDA'),
  },
  reject: {
    'quantization-param-path': text('scales of a quantized cache', { why: 'keys and values are not scaled' }),
    'kv-cache-dtype': choice(
      'auto fp8_e5m2 fp8_e4m3 mxfp8 bf16 bfloat16 nvfp4 fp4_mx_block16 fp4_e2m1',
      'number format of keys and values',
      { unless: ['auto', 'bf16', 'bfloat16'], why: 'keys and values have 16 bits' },
    ),
    'modelopt-quant': text("scheme of NVIDIA's ModelOpt", { instead: OUTTYPE }),
    'modelopt-checkpoint-restore-path': text('ModelOpt checkpoint to read', { instead: OUTTYPE }),
    'modelopt-checkpoint-save-path': text('ModelOpt checkpoint to write', { instead: OUTTYPE }),
    'modelopt-export-path': text('quantized model to write', {
      instead: 'run qwen-embed convert --outtype q8_0',
    }),
    'quantize-and-serve': flag('quantize at the start', { instead: 'use --outtype q8_0' }),
    'rl-quant-profile': text('profile of FlashRL', { instead: OUTTYPE }),
    'torchao-config': text('quantization by torchao, of older releases', { instead: OUTTYPE }),
  },
};

const WEIGHTS: Topic = {
  title: "SGLang's loading and updating of weights",
  why: 'weights are read once, from one file, and never replaced while the server runs',
  accept: {
    'startup-weight-load-mode': choice('serial overlap', 'load weights beside other work'),
    'weight-loader-disable-mmap': flag('read weights instead of mapping them', {
      isAlways: true,
      why: 'weights are read, never mapped',
    }),
    'weight-loader-prefetch-checkpoints': flag('read the files ahead'),
    'weight-loader-prefetch-num-threads': integer('threads that read ahead'),
    'weight-loader-drop-cache-after-load': text('leave no copy in the page cache', { bare: 'shard' }),
    'remote-instance-weight-loader-backend': choice(
      'transfer_engine nccl modelexpress',
      'how peers send weights',
    ),
    'engine-info-bootstrap-port': integer('port that tells about the engine'),
    'modelexpress-config': json('anything', 'settings of ModelExpress'),
    'weight-cache-socket': text('socket of the daemon with the weights'),
    'weight-cache-timeout': integer('seconds to wait for that daemon'),
  },
  reject: {
    'custom-weight-loader': list('text', 'loaders in Python', { least: 0, why: 'no Python runs here' }),
    'delete-ckpt-after-loading': flag('delete the files once they are loaded', {
      why: 'nothing of yours is deleted',
    }),
    'decrypted-config-file': text('a decrypted config.json', { why: 'encrypted models are not read' }),
    'decrypted-draft-config-file': text('a decrypted config of the draft', {
      why: 'encrypted models are not read',
    }),
    'checkpoint-engine-wait-weights-before-ready': flag('wait until weights are pushed'),
    'remote-instance-weight-loader-seed-instance-ip': text('peer that has the weights'),
    'remote-instance-weight-loader-seed-instance-service-port': integer("the peer's port"),
    'remote-instance-weight-loader-send-weights-group-ports': json('list', 'ports for the weights'),
    'remote-instance-weight-loader-start-seed-via-transfer-engine': flag('hand weights to peers'),
    'weight-cache-mode': choice('off daemon client', 'share weights through a daemon', { unless: ['off'] }),
  },
};

export const MODEL_TOPICS: readonly Topic[] = [MODEL, NUMBERS, WEIGHTS];
