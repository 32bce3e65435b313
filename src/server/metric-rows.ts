// The table of metrics that are read when somebody asks for them: name, help, where the value comes from.
// Names that SGLang has are SGLang's, so that its dashboards work; the others begin with qwen_embed_.
// Metrics that grow with each request are in metrics.ts.

import type { Profile } from '../embedder.ts';

/** How the workers are; what a pool's status has and more. */
export interface FleetStatus {
  workers: readonly { state: string; deaths: number; inFlight: number }[];
  /** Requests that no worker has taken yet. */
  waiting: number;
  /** Estimated, of all requests that have no answer yet. */
  openTokens: number;
}

/** Stages of a request before and after the embedder's. */
export type ServerStage = 'parse' | 'encode';

/** All that is known at one moment. */
export interface Reading {
  profile: Profile;
  fleet: FleetStatus;
  /** 0 while the model loads. */
  contextTokens: number;
  /** Requests for embeddings that were let in and have no answer yet. */
  openEmbeddings: number;
  openRequests: number;
  /** From the opening of the server until its embedder served; 0 while the model loads. */
  startupSeconds: number;
  serverSeconds: Readonly<Record<ServerStage, number>>;
}

interface RowBase {
  name: string;
  help: string;
  kind: 'counter' | 'gauge';
}

interface PlainRow extends RowBase {
  read: (reading: Reading) => number;
}

/** One sample per key, which becomes the value of `label`. */
interface LabelledRow extends RowBase {
  label: string;
  readAll: (reading: Reading) => Readonly<Record<string, number>>;
}

export type MetricRow = PlainRow | LabelledRow;

// No sum has two rows, and the compiler asks for one per sum.
const OF_PROFILE: Record<
  Exclude<keyof Profile, 'stageSeconds' | 'stageCounts'>,
  [name: string, help: string]
> = {
  batches: ['qwen_embed_batches_total', 'Batches computed.'],
  texts: ['qwen_embed_texts_total', 'Texts embedded, those that open each worker included.'],
  tokens: ['qwen_embed_tokens_total', 'Tokens of those texts, end tokens included.'],
  prefixTokens: ['qwen_embed_prefix_tokens_total', 'Tokens not computed because a shared prefix held them.'],
  duplicates: ['qwen_embed_duplicates_total', 'Texts answered together with an equal one in flight.'],
  cacheHits: ['qwen_embed_cache_hits_total', 'Texts answered from the cache of finished vectors.'],
};

const profileRows = (Object.keys(OF_PROFILE) as (keyof typeof OF_PROFILE)[]).map((field): MetricRow => {
  const [name, help] = OF_PROFILE[field];
  return { name, help, kind: 'counter', read: ({ profile }) => profile[field] };
});

/** Requests for embeddings that are being worked on: those that no worker has taken yet are not. */
export function countRunning({ openEmbeddings, fleet }: Pick<Reading, 'openEmbeddings' | 'fleet'>): number {
  return Math.max(0, openEmbeddings - fleet.waiting);
}

export const METRIC_ROWS: readonly MetricRow[] = [
  {
    name: 'sglang:num_running_reqs',
    help: 'Requests for embeddings that are being worked on.',
    kind: 'gauge',
    read: countRunning,
  },
  {
    name: 'sglang:num_queue_reqs',
    help: 'Requests for embeddings that wait for a worker.',
    kind: 'gauge',
    read: ({ fleet }) => fleet.waiting,
  },
  {
    name: 'sglang:cached_tokens_total',
    help: 'Tokens not computed because a shared prefix held them.',
    kind: 'counter',
    read: ({ profile }) => profile.prefixTokens,
  },
  {
    name: 'sglang:context_len',
    help: 'Longest input in tokens; 0 while the model loads.',
    kind: 'gauge',
    read: ({ contextTokens }) => contextTokens,
  },
  {
    name: 'sglang:cache_hit_rate',
    help: 'Share of all tokens that a shared prefix held; 0 before the first.',
    kind: 'gauge',
    read: ({ profile: { prefixTokens, tokens } }) => prefixTokens / Math.max(1, tokens),
  },
  {
    name: 'sglang:engine_startup_time',
    help: 'Seconds from the opening of the port until requests were served; 0 while the model loads.',
    kind: 'gauge',
    read: ({ startupSeconds }) => startupSeconds,
  },
  {
    name: 'sglang:http_requests_active',
    help: 'HTTP requests that have no answer yet.',
    kind: 'gauge',
    read: ({ openRequests }) => openRequests,
  },
  ...profileRows,
  {
    name: 'qwen_embed_stage_seconds_total',
    help: 'Seconds per stage: parse and encode in the server, the others in the workers; queue is waiting.',
    kind: 'counter',
    label: 'stage',
    readAll: ({ profile, serverSeconds }) => ({
      parse: serverSeconds.parse,
      ...profile.stageSeconds,
      encode: serverSeconds.encode,
    }),
  },
  {
    name: 'qwen_embed_workers_live',
    help: 'Workers that are ready.',
    kind: 'gauge',
    read: ({ fleet }) => fleet.workers.filter(({ state }) => state === 'ready').length,
  },
  {
    name: 'qwen_embed_worker_deaths_total',
    help: 'Workers that died; each is started again unless it is given up.',
    kind: 'counter',
    read: ({ fleet }) => fleet.workers.reduce((sum, { deaths }) => sum + deaths, 0),
  },
  {
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the server process, without its workers.',
    kind: 'counter',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the server process, without its workers.',
    kind: 'gauge',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_start_time_seconds',
    help: 'When the server process started, as Unix time.',
    kind: 'gauge',
    read: () => performance.timeOrigin / 1000,
  },
];
