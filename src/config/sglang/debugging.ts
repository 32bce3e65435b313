// SGLang's debugging, hooks, and what fits nowhere else, with flags of older releases.
import { choice, flag, integer, json, list, number, text, type Topic } from './entry.ts';

const GPUS = 'GPUs are shared as --tp-size and --dp-size say';
const MEMORY_STAYS = 'weights and buffers stay where they are until the server ends';
const APPROXIMATE = 'attention is exact here';

const DEBUGGING: Topic = {
  title: "SGLang's debugging and hooks",
  why: 'llama.cpp computes, without places to hook into',
  accept: {
    'enable-memory-saver': flag('release memory on request', { why: MEMORY_STAYS }),
    'enable-weights-cpu-backup': flag('weights on the host meanwhile', { why: MEMORY_STAYS }),
    'enable-draft-weights-cpu-backup': flag("the draft's weights too", { why: MEMORY_STAYS }),
    'enable-custom-logit-processor': flag("the user's own sampling", { why: 'nothing is sampled' }),
    'return-hidden-states-mode': choice('last full', 'which hidden states'),
    'enable-return-routed-experts': flag('experts in answers', { why: 'the models have no experts' }),
    'enable-return-indexer-topk': flag('choices of sparse attention in answers'),
    'disable-outlines-disk-cache': flag('no grammars on disk', { why: 'embeddings generate no text' }),
    'disable-disk-cache': flag('older name of --disable-outlines-disk-cache', {
      why: 'embeddings generate no text',
    }),
    'disable-regex-jump-forward': flag('grammars of older releases', { why: 'embeddings generate no text' }),
    'enable-mis': flag('several scores in one sequence', { why: 'scores are not served' }),
    'multi-item-scoring-delimiter': integer('older form of --enable-mis', { why: 'scores are not served' }),
    'enable-nan-detection': flag('look for NaN, in older releases', {
      isAlways: true,
      why: 'a vector that is not finite is always an error',
    }),
    'crash-on-nan': flag('end when one is found, in older releases', {
      why: 'a vector that is not finite is an error of its request',
    }),
    'load-watch-interval': number('seconds between looks at the load, in older releases', {
      why: 'requests are handed to workers one by one, at once',
    }),
    'max-micro-batch-size': integer('older name of --pp-max-micro-batch-size', {
      why: 'requests are handed to workers one by one, at once',
    }),
    'prefill-round-robin-balance': flag('older way to --load-balance-method', {
      why: '--load-balance-method round_robin is here',
    }),
    'enable-dsa-prefill-context-parallel': flag('older name of --enable-prefill-cp', { why: GPUS }),
    'enable-nsa-prefill-context-parallel': flag('older name of --enable-prefill-cp', { why: GPUS }),
    'enable-prefill-context-parallel': flag('older name of --enable-prefill-cp', { why: GPUS }),
    'dsa-prefill-cp-mode': choice('in-seq-split round-robin-split', 'older form of --cp-strategy', {
      why: GPUS,
    }),
    'nsa-prefill-cp-mode': choice('in-seq-split round-robin-split', 'older form of --cp-strategy', {
      why: GPUS,
    }),
    'prefill-cp-mode': choice('in-seq-split round-robin-split', 'older form of --cp-strategy', { why: GPUS }),
  },
  reject: {
    'debug-tensor-dump-output-folder': text('write activations'),
    'debug-tensor-dump-layers': list('integer', 'of these layers'),
    'debug-tensor-dump-input-file': text('for these inputs'),
    'debug-tensor-dump-inject': text('put activations in, in older releases'),
    'forward-hooks': json('anything', "the user's own Python in the model", { why: 'no Python runs here' }),
    'msprobe-dump-config': text('settings of a probe'),
    'enable-return-hidden-states': flag('hidden states in answers', {
      why: 'answers have the embedding only',
    }),
    'enable-double-sparsity': flag('leave out tokens, in older releases', { why: APPROXIMATE }),
    'ds-channel-config-path': text('its channels', { why: APPROXIMATE }),
    'ds-heavy-channel-num': integer('how many channels', { why: APPROXIMATE }),
    'ds-heavy-token-num': integer('how many tokens', { why: APPROXIMATE }),
    'ds-heavy-channel-type': text('which channels', { why: APPROXIMATE }),
    'ds-sparse-decode-threshold': integer('from which length on', { why: APPROXIMATE }),
  },
};

export const DEBUGGING_TOPICS: readonly Topic[] = [DEBUGGING];
