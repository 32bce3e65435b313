// SGLang's servers for half of the work: prompts or decoding, encoder or language model.
import { choice, flag, integer, list, number, text, type Topic } from './entry.ts';

const WHOLE = 'a server does the whole work';

const HALVES: Topic = {
  title: "SGLang's disaggregation",
  why: WHOLE,
  accept: {
    'disaggregation-transfer-backend': choice(
      'mooncake nixl ascend fake mori mooncake_tcp',
      'how caches travel',
    ),
    'disaggregation-bootstrap-port': integer('where halves meet'),
    'disaggregation-ib-device': text('network device'),
    'disaggregation-decode-enable-radix-cache': flag('prefixes where decoding is'),
    'disaggregation-decode-enable-offload-kvcache': flag('caches on the host'),
    'disaggregation-decode-enable-fake-auto': flag('an aid for tests'),
    'disaggregation-decode-retraction-backup': choice('cpu_tensor host_pool', 'where a retreat goes'),
    'disaggregation-decode-host-receive-threshold': number('when the host receives'),
    'disaggregation-decode-tp': integer('slices of the other half, in older releases'),
    'disaggregation-decode-dp': integer('copies of the other half, in older releases'),
    'disaggregation-prefill-pp': integer('stages of the other half, in older releases'),
    'disaggregation-enable-kv-checksum': flag('check what arrives'),
    'enable-pd-role-switch': flag('halves may change places'),
    'num-reserved-decode-tokens': integer('room for decoding'),
    'disaggregation-decode-extra-slots': integer('places for decoding'),
    'disaggregation-decode-polling-interval': integer('steps between looks'),
    'optimistic-prefill-attempts': integer('attempts'),
    'language-model-only': flag('do not load the encoder', { isAlways: true, why: 'the models have none' }),
    'encoder-transfer-backend': choice(
      'auto zmq_to_scheduler zmq_to_tokenizer mooncake',
      'how features travel',
    ),
    'encoder-bootstrap-port': integer('where encoders meet'),
    'enable-adaptive-dispatch-to-encoder': flag('which encoder is asked'),
    'enable-pdmux': flag('both halves on one GPU'),
    'pdmux-config-path': text('its settings'),
    'sm-group-num': integer('shares of that GPU'),
  },
  reject: {
    'disaggregation-mode': choice('null prefill decode', 'which half this is', { unless: ['null'] }),
    'encoder-only': flag('the encoder alone'),
    'language-only': flag('the language model alone'),
    'encoder-urls': list('text', 'encoders elsewhere'),
    'encoder-register-urls': list('text', 'where to register'),
  },
};

export const DISAGGREGATION_TOPICS: readonly Topic[] = [HALVES];
