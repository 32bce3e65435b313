// SGLang's flags on memory, on the order of requests and on when batches are cut.
import { choice, flag, integer, json, list, number, type Topic } from './entry.ts';

const ONE_BY_ONE = 'texts are tokenised one by one, in the worker that computes them';
const NO_CANARY = 'a vector that is not finite is an error, and nothing else is looked for';
const NO_PREEMPTION = 'a batch is computed in one piece, so nothing that runs is interrupted';

const SCHEDULING: Topic = {
  title: "SGLang's memory and scheduling",
  why: 'the plan sizes memory and batches',
  accept: {
    'prefill-decode-interval': integer('rounds of decoding between prefills', { min: 0 }),
    'enable-dynamic-chunking': flag('pieces of changing size between pipeline stages'),
    'disable-priority-preemption': flag('priorities interrupt nothing', {
      why: NO_PREEMPTION,
      isAlways: true,
    }),
    'priority-scheduling-preemption-threshold': integer('gap of priorities that interrupts', {
      why: NO_PREEMPTION,
    }),
    'retraction-policy': choice('length priority', 'which running request gives way'),
    'schedule-conservativeness': number('caution when admitting requests', { min: 0 }),
    'page-size': integer('tokens per page of the key-value cache'),
    'c128-page-size': integer('page size of one model on NPUs'),
    'swa-full-tokens-ratio': number('share of sliding-window layers in the cache'),
    'disable-hybrid-swa-memory': flag('one pool for layers with sliding windows'),
    'radix-eviction-policy': choice('lru lfu slru priority tlru', 'what the prefix cache forgets first'),
    'radix-eviction-policy-config': json('object', 'tuning of that'),
    'prefill-only-disable-kv-cache': flag('no cache of keys and values'),
    'disable-radix-cache': flag('no sharing of prefixes between requests', {
      why: 'a prefix is shared only inside a batch and with the kept instruction, which changes no vector',
    }),
    'enable-page-major-kv-layout': flag('layout of keys and values'),
    'enable-unified-memory': flag('one buffer for all kinds of cache'),
    'disable-chunked-prefix-cache': flag('no pieces in the prefix cache of DeepSeek'),
    'disable-overlap-schedule': flag('prepare no batch while another runs'),
    'num-continuous-decode-steps': integer('steps of decoding in one go'),
    'scheduler-recv-interval': integer('steps between looks at the queue'),
    'enable-mixed-chunk': flag('prefill and decoding in one batch'),
  },
};

const BATCHING: Topic = {
  title: "SGLang's delays, tokenizer batches and checks",
  why: 'a batch is cut as soon as the last one runs, without a timer',
  accept: {
    'enable-prefill-delayer': flag('wait for larger batches'),
    'prefill-delayer-max-delay-passes': integer('longest wait in passes'),
    'prefill-delayer-max-delay-ms': number('longest wait in milliseconds'),
    'prefill-delayer-token-usage-low-watermark': number('use of the cache below which nothing waits'),
    'prefill-delayer-forward-passes-buckets': list('number', 'buckets of its metrics'),
    'prefill-delayer-wait-seconds-buckets': list('number', 'buckets of its metrics'),
    'prefill-delayer-queue-min-ratio': number('length of the queue that ends the wait'),
    'min-free-slots-delay': integer('free places that end the wait'),
    'kv-canary': choice('none log raise', 'look for damage in the cache', { why: NO_CANARY }),
    'kv-canary-real-data': choice('none partial all', 'how much of it', { why: NO_CANARY }),
    'kv-canary-sweep-interval': integer('how often', { why: NO_CANARY }),
    'enable-dynamic-batch-tokenizer': flag('tokenise texts of several requests together', {
      why: ONE_BY_ONE,
    }),
    'dynamic-batch-tokenizer-batch-size': integer('texts tokenised together', { why: ONE_BY_ONE }),
    'dynamic-batch-tokenizer-batch-timeout': number('seconds to wait for them', { why: ONE_BY_ONE }),
    'enable-tokenizer-batch-encode': flag("tokenise a request's texts in one call", { why: ONE_BY_ONE }),
    'disable-tokenizer-batch-decode': flag('detokenise one by one', { why: ONE_BY_ONE }),
  },
  reject: {
    'rl-on-policy-target': choice('fsdp', 'the same bits as a trainer', {
      why: 'no trainer computes like llama.cpp',
    }),
  },
};

export const MEMORY_TOPICS: readonly Topic[] = [SCHEDULING, BATCHING];
