// SGLang's flags on spreading a model over GPUs and machines, and on devices.
import { choice, flag, integer, list, number, text, twin, type Topic } from './entry.ts';

const ONE_MACHINE = 'a server is one machine';
const ROUTER = 'start one server per machine behind a router';

const PARALLEL: Topic = {
  title: "SGLang's distribution over GPUs and machines",
  why: 'GPUs are shared as --tp-size and --dp-size say',
  accept: {
    'nccl-port': integer('port of NCCL'),
    'dist-timeout': integer('seconds until torch gives up'),
    'pp-max-micro-batch-size': integer('micro-batch of a pipeline stage'),
    'pp-async-batch-depth': integer('batches in flight between stages'),
    'moe-dp-size': integer('copies of the experts', { aliases: ['moe-data-parallel-size'] }),
    'dwdp-size': integer('ranks that share weights'),
    'dcp-comm-backend': choice('ag_rs a2a fi_a2a', 'exchange of parallel decoding'),
    'dcp-replicate-q-proj': twin('every rank has the whole query projection'),
    'enable-prefill-cp': flag('spread long prompts over GPUs'),
    'cp-strategy': choice('zigzag interleave', 'how they are cut'),
    'enable-dsa-cache-layer-split': flag('cut the cache by layers'),
    'enable-cp-decode-attn-tp': flag('cut attention while decoding'),
    'enable-dp-attention': flag('attention in copies, the rest in slices'),
    'enable-dp-attention-local-control-broadcast': flag('how the copies are told'),
    'enable-dp-lm-head': flag('output layer in copies'),
    'enable-tp-lm-head-all-to-all': twin('exchange of the output layer'),
    'enable-attn-tp-input-scattered': flag('inputs of attention in slices'),
    'enable-shared-experts-attn-tp': flag('shared experts in slices'),
    'enable-dense-mlp-attn-tp': flag('dense layers in slices'),
    'disable-attn-tp-gather': flag('leave slices apart'),
    'enable-layernorm-sp': flag('norms in slices of the sequence'),
    'enable-p2p-check': flag('check that GPUs reach each other'),
    'boundary-reduction': choice('auto ar rs rsv rs+rsv', 'sums between slices'),
  },
  reject: {
    'dist-init-addr': text('where machines meet', {
      aliases: ['nccl-init-addr'],
      why: ONE_MACHINE,
      instead: ROUTER,
    }),
    'gated-launch-port': integer('wait for a POST before starting', { why: 'the start waits for nothing' }),
    nnodes: integer('machines', { unless: ['1'], why: ONE_MACHINE, instead: ROUTER }),
    'node-rank': integer("this machine's number", { unless: ['0'], why: ONE_MACHINE, instead: ROUTER }),
    'dcp-size': integer('GPUs that share a context while decoding', {
      aliases: ['decode-context-parallel-size'],
      unless: ['1'],
    }),
    'pp-size': integer('stages of a pipeline', {
      aliases: ['pp', 'pipeline-parallel-size'],
      unless: ['1'],
      instead: 'use --tp-size, which llama.cpp splits by layers too',
    }),
    'attn-cp-size': integer('GPUs that share the attention of a text', {
      aliases: ['attention-context-parallel-size'],
      unless: ['1'],
    }),
  },
};

const DEVICE: Topic = {
  title: "SGLang's device and timeouts",
  why: 'the plan picks devices, threads and memory',
  accept: {
    'random-seed': integer('seed of sampling', { why: 'nothing is sampled' }),
    'mlx-enable-sampling': flag('sampling on Apple silicon', { why: 'nothing is sampled' }),
    'soft-watchdog-timeout': number('seconds after which a state is written', {
      why: '--watchdog-timeout replaces the worker and says why',
    }),
    'sleep-on-idle': flag('rest while nothing is to do', {
      isAlways: true,
      why: 'an idle server uses no processor',
    }),
    'numa-node': list('integer', 'memory node per GPU', { why: 'the system places memory' }),
    'gc-threshold': list('integer', "limits of Python's memory", { why: 'there is no Python' }),
  },
  reject: {
    'use-ray': flag('actors of Ray', { why: ONE_MACHINE, instead: ROUTER }),
  },
};

export const PARALLEL_TOPICS: readonly Topic[] = [PARALLEL, DEVICE];
