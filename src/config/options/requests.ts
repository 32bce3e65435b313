// What becomes of a request: limits, truncation, the end.
import type { OwnRow } from '../rows.ts';

export const REQUESTS = {
  maxBatchedTokens: {
    flag: 'max-num-batched-tokens',
    kind: 'integer',
    min: 2,
    max: 1_000_000,
    default: null,
    on: ['launch'],
    doc: 'cut longer inputs to this many tokens, end token kept; default: refuse them',
  },
  allowAutoTruncate: {
    flag: 'allow-auto-truncate',
    aliases: ['auto-truncate'],
    kind: 'switch',
    default: false,
    on: ['launch'],
    doc: 'cut inputs beyond the context to it, end token kept; default: refuse them',
  },
  defaultPromptName: {
    flag: 'default-prompt-name',
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['launch'],
    doc: 'prompt before texts of requests that name none, such as query',
  },
  embeddingCacheSize: {
    flag: 'embedding-cache-size',
    kind: 'integer',
    min: 0,
    max: 10_000_000,
    default: 0,
    on: ['launch'],
    doc: 'finished vectors that each worker keeps for equal texts; 0 = none',
  },
  gracePeriodSeconds: {
    flag: 'grace-period',
    kind: 'number',
    min: 0,
    max: 3600,
    default: 30,
    on: ['launch'],
    doc: 'seconds that requests in flight get to finish after SIGTERM',
  },
} as const satisfies Record<string, OwnRow>;
