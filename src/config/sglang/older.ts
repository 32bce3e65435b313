// Flags of SGLang's releases of 2024 and early 2025, the age of --enable-flashinfer, that later ones have dropped. Those
// that were only renamed are aliases of their successors; a few stand with them, in the other files.
import { flag, integer, list, type Topic } from './entry.ts';

const NO_LATENT = 'the models have no latent attention';

const OLDER: Topic = {
  title: "SGLang's older releases",
  why: 'the plan sizes memory and batches',
  accept: {
    'additional-ports': list('integer', 'ports of the first release, for its processes', {
      least: 0,
      why: 'workers listen on sockets of their own, not on ports',
    }),
    'model-mode': list('text', 'flashinfer, no-cache: how the first release computed', {
      why: 'flash attention is on wherever it does not cost exactness',
    }),
    'attention-reduce-in-fp32': flag('sums of attention in 32 bits', {
      why: 'llama.cpp has one kind of kernel per device',
    }),
    'efficient-weight-load': flag('quantize layer by layer while loading', {
      why: 'weights are converted once, piece by piece',
    }),
    'enable-mla': flag('latent attention', { why: NO_LATENT }),
    'disable-mla': flag('its opposite', { why: NO_LATENT }),
    'enable-flashmla': flag('its kernels', { why: NO_LATENT }),
    'enable-flashinfer-mla': flag("FlashInfer's kernels for it", { why: NO_LATENT }),
    'max-num-reqs': integer('most requests in the memory pool', {
      why: 'batches are cut by tokens, not by count',
    }),
    'enable-overlap-schedule': flag('opposite of --disable-overlap-schedule'),
    'disable-penalizer': flag('no penalties while sampling', { why: 'nothing is sampled' }),
    'disable-nan-detection': flag('opposite of --enable-nan-detection', {
      why: 'a vector that is not finite is always an error',
    }),
    'n-share-experts-fusion': integer('copies of shared experts', { why: 'the models have no experts' }),
    'disable-log-stats': flag('no throughput in the log', {
      isAlways: true,
      why: 'throughput is in /metrics, for --enable-metrics, and not in the log',
    }),
    'log-stats-interval': integer('seconds between lines of it', {
      why: 'throughput is in /metrics, for --enable-metrics, and not in the log',
    }),
  },
};

export const OLDER_TOPICS: readonly Topic[] = [OLDER];
