// SGLang's speculative decoding and diffusion models: for generating text only. Naming an algorithm is an error, the
// tuning beside it does no harm.
import { choice, flag, integer, json, number, text, twin, type Topic } from './entry.ts';
import { A2A_BACKENDS, MOE_RUNNERS } from './experts.ts';
import { FORMATS, QUANTIZATIONS } from './model.ts';

const NO_TEXT = 'embeddings generate no text';

const SPECULATION: Topic = {
  title: "SGLang's speculative decoding",
  why: NO_TEXT,
  accept: {
    'speculative-draft-model-revision': text('revision of the draft'),
    'speculative-draft-load-format': choice(FORMATS, 'how its weights are read'),
    'speculative-num-steps': integer('steps ahead'),
    'speculative-eagle-topk': integer('branches'),
    'speculative-num-draft-tokens': integer('tokens ahead'),
    'speculative-dflash-block-size': integer('block of DFLASH'),
    'speculative-dflash-draft-window-size': integer('older name of --speculative-draft-window-size'),
    'speculative-dspark-block-size': integer('block of DSPARK'),
    'speculative-dspark-sps-table-path': text('table of DSPARK'),
    'speculative-dspark-confidence-sts-path': text('confidence of DSPARK'),
    'speculative-dspark-align-verify-tokens-to-graph-tier': flag('DSPARK in the sizes of graphs'),
    'speculative-accept-threshold-single': number('when a token is taken'),
    'speculative-accept-threshold-acc': number('when a run of tokens is taken'),
    'speculative-use-rejection-sampling': flag('take tokens by chance'),
    'speculative-use-block-verification': flag('verify blocks'),
    'speculative-token-map': text('smaller vocabulary of the draft'),
    'speculative-attention-mode': choice('prefill decode', 'attention when verifying'),
    'speculative-draft-attention-backend': text('attention of the draft'),
    'speculative-dsa-topk-backend': choice('sgl-kernel torch flashinfer', 'its sparse attention'),
    'speculative-draft-kv-cache-dtype': choice('auto fp8_e5m2 fp8_e4m3 bf16 bfloat16', 'its cache'),
    'speculative-draft-window-size': integer('its sliding window'),
    'speculative-draft-sink-size': integer('tokens that its window keeps'),
    'speculative-moe-runner-backend': choice(MOE_RUNNERS, 'its experts'),
    'speculative-moe-a2a-backend': choice(A2A_BACKENDS, 'exchange between its experts'),
    'speculative-enable-w4a4-mxfp4-megamoe': twin('its experts in 4 bits'),
    'speculative-draft-model-quantization': choice(QUANTIZATIONS, 'its number format'),
    'speculative-skip-dp-mlp-sync': flag('copies do not wait'),
    'speculative-domino-candidate-pool-size': integer('candidates of Domino'),
    'enable-multi-layer-eagle': flag('EAGLE over several layers'),
    'speculative-adaptive': flag('steps as they pay'),
    'speculative-adaptive-config': text('its settings'),
    'spec-trace-dir': text('where traces go'),
    'speculative-ngram-min-bfs-breadth': integer('least width of the search'),
    'speculative-ngram-max-bfs-breadth': integer('greatest width of the search'),
    'speculative-ngram-match-type': choice('BFS PROB', 'kind of search'),
    'speculative-ngram-max-trie-depth': integer('depth of the search'),
    'speculative-ngram-capacity': integer('n-grams that are kept'),
    'speculative-ngram-external-corpus-path': text('a corpus for n-grams'),
    'speculative-ngram-external-sam-budget': integer('its share'),
    'speculative-ngram-external-corpus-max-tokens': integer('its size'),
    'uno-lora-path': text('adapter of UNO'),
    'dllm-algorithm-config': text('settings of a diffusion model'),
    'dllm-fdfo': twin('what is done first leaves first'),
  },
  reject: {
    'speculative-algorithm': choice(
      'EAGLE EAGLE3 NEXTN STANDALONE NGRAM DFLASH DSPARK UNO',
      'guess tokens ahead',
    ),
    'speculative-draft-model-path': text('model that guesses', { aliases: ['speculative-draft-model'] }),
    'decoupled-spec-bind-endpoint': text('socket of a draft elsewhere'),
    'decoupled-spec-connect-endpoints': json('list', 'drafts elsewhere'),
    'decoupled-spec-rank': integer('number of this one'),
    'decoupled-spec-role': choice('null verifier drafter', 'part of this one', { unless: ['null'] }),
    'dllm-algorithm': text('decoding of diffusion models'),
  },
};

export const SPECULATION_TOPICS: readonly Topic[] = [SPECULATION];
