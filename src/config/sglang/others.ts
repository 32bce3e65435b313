// Names that people bring from other servers (vLLM, text-embeddings-inference) or expect, with what to do instead.
import { choice, flag, integer, list, type Topic } from './entry.ts';

const DIMENSIONS = 'requests may ask for any dimensions from 32 on, without a flag';
const POOLING = 'Qwen3-Embedding reads the last token';

const OTHERS: Topic = {
  title: 'Flags of other servers',
  why: 'the model decides',
  accept: {
    'max-num-seqs': integer("vLLM's most sequences at a time", {
      why: 'batches are cut by tokens, not by count',
    }),
    'max-batch-tokens': integer("text-embeddings-inference's batch", {
      why: 'the name here is --max-prefill-tokens',
    }),
    'max-client-batch-size': integer("text-embeddings-inference's inputs per request", {
      why: 'a request may have 2,048 inputs',
    }),
    'is-matryoshka': flag('shorter vectors', { isAlways: true, why: DIMENSIONS }),
    embedding: flag('serve embeddings, as llama-server says', {
      isAlways: true,
      why: 'nothing else is served',
    }),
    normalize: flag('vectors of length 1', { isAlways: true, why: 'vectors have length 1' }),
  },
  reject: {
    'matryoshka-dimensions': list('integer', 'lengths that requests may ask for', {
      why: DIMENSIONS,
      instead: `to allow a few only, --json-model-override-args '{"matryoshka_dimensions": [256]}'`,
    }),
    'split-mode': choice('layer none row tensor', "llama-server's way to share a model among GPUs", {
      unless: ['layer'],
      why: "llama.cpp's CUDA libraries know no split by row, and abort in batches split by tensor",
      instead: 'use --tp-size, which splits by layer, or --dp-size where the model fits one GPU',
    }),
    'pooling-type': choice('last cls mean rank', 'which token gives the vector', {
      unless: ['last'],
      why: POOLING,
    }),
    task: choice('embed embedding auto generate score classify reward', "vLLM's task", {
      unless: ['embed', 'embedding', 'auto'],
      why: 'embeddings are served and nothing else',
    }),
    runner: choice('pooling auto generate draft', "vLLM's kind of model", {
      unless: ['pooling', 'auto'],
      why: 'embeddings are served and nothing else',
    }),
    convert: choice('embed auto none classify', "vLLM's change of the model", {
      unless: ['embed', 'auto'],
      why: 'embeddings are served and nothing else',
    }),
  },
};

export const OTHER_TOPICS: readonly Topic[] = [OTHERS];
