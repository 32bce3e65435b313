// SGLang's images, sounds and adapters.
import { choice, flag, integer, json, list, number, twin, type Topic } from './entry.ts';

const MULTIMODAL: Topic = {
  title: "SGLang's images and sounds",
  why: 'the models read text only',
  accept: {
    'enable-broadcast-mm-inputs-process': flag('send inputs to all ranks'),
    'mm-process-config': json('object', 'limits per kind'),
    'mm-processor-worker-num': integer('processes that prepare them'),
    'mm-io-worker-num': integer('processes that fetch them'),
    'mm-enable-dp-encoder': flag('encoders in copies'),
    'allowed-media-domains': list('text', 'where they may come from'),
    'media-url-max-file-size-mb': integer('how large they may be'),
    'mm-preprocess-cache-size-mb': integer('cache of prepared ones'),
    'trust-mm-content-hashes': flag("believe the client's hashes"),
    'limit-mm-data-per-request': json('anything', 'how many per request'),
    'enable-mm-global-cache': flag('a cache for all servers'),
    'mm-global-cache-backend': choice('mooncake', 'where it is'),
    'enable-prefix-mm-cache': flag('a cache of prefixes'),
    'image-processor-backend': choice('auto torchvision pil', 'decoder of images'),
    'mm-feature-transport': choice('cpu cuda_ipc cuda_vmm', 'how features travel'),
    'disable-fast-image-processor': flag('older way to --image-processor-backend pil'),
    'keep-mm-feature-on-device': flag('older way to --mm-feature-transport cuda_ipc'),
    'mm-max-concurrent-calls': integer('fetches at a time, in older releases'),
    'mm-per-request-timeout': number('seconds for a fetch, in older releases'),
  },
};

const ADAPTERS: Topic = {
  title: "SGLang's LoRA adapters",
  why: 'adapters are not applied, and would change the vectors',
  accept: {
    'max-lora-rank': integer('greatest rank'),
    'lora-target-modules': list('text', 'which layers', { least: 0 }),
    'max-loaded-loras': integer('adapters in memory'),
    'max-loras-per-batch': integer('adapters per batch'),
    'lora-eviction-policy': choice('lru fifo', 'which one is forgotten'),
    'lora-backend': choice('triton csgmv ascend torch_native', 'kernels of adapters'),
    'max-lora-chunk-size': choice('16 32 64 128', 'pieces of one kernel'),
    'enable-lora-overlap-loading': flag('load them beside other work'),
    'experts-shared-outer-loras': twin('experts share them'),
    'lora-use-virtual-experts': flag('experts for them'),
    'lora-strict-loading': twin('missing keys are errors'),
    'lora-drain-wait-threshold': number('seconds until one gets its turn'),
    'moe-lora-base-gemm': choice('cutedsl triton', 'products of experts'),
  },
  reject: {
    'enable-lora': flag('adapters', { instead: 'merge the adapter into the weights first' }),
    'lora-paths': list('text', 'adapters to load', {
      least: 0,
      instead: 'merge the adapter into the weights first',
    }),
  },
};

export const INPUT_TOPICS: readonly Topic[] = [MULTIMODAL, ADAPTERS];
