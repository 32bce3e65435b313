// Counts what the server does and renders it, with what the embedder has done, as Prometheus' text format.
// Counting is always on, it costs microseconds per request; whether GET /metrics exists is the server's choice.
// A worker that is slow, dead or gone cannot hold up an answer: its sums are then those that were last known.

import { setTimeout as delay } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { emptyProfile } from '../embedder.ts';
import type { FaultCode } from '../faults.ts';
import { METRIC_ROWS, type MetricRow, type Reading, type ServerStage } from './metric-rows.ts';
import type { OpenRequests } from './open-requests.ts';
import type { Service } from './service.ts';

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Prometheus itself gives up after 10 s. */
const PROFILE_TIMEOUT_MS = 2000;

// SGLang's, and finer ones below: a query that names one of SGLang's finds it.
const SECONDS = [
  0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400,
  600, 1200, 1800, 2400,
];

const INPUT_COUNTS = Array.from({ length: 12 }, (_, power) => 2 ** power);

export interface Endpoint {
  /** The route's pattern, never the sender's path: senders choose paths without end. */
  path: string;
  method: string;
}

export interface EmbeddedRequest {
  inputs: number;
  tokens: number;
  /** From its arrival until its answer could be sent. */
  seconds: number;
}

interface MetricsContext {
  modelId: string;
  service: Service;
  openRequests: OpenRequests;
  /** How long a scrape waits for the embedder. */
  profileTimeoutMs?: number;
}

export class Metrics {
  readonly #context: MetricsContext;
  readonly #registry = new Registry();
  readonly #serverSeconds: Record<ServerStage, number> = { parse: 0, encode: 0 };
  #openEmbeddings = 0;
  #profile = emptyProfile();
  #asking: Promise<void> | null = null;

  readonly #requests = this.#counter('sglang:num_requests_total', 'Requests for embeddings answered.');
  readonly #tokens = this.#counter('sglang:prompt_tokens_total', 'Tokens of the answered requests.');
  readonly #aborted = this.#counter(
    'sglang:num_aborted_requests_total',
    'Requests aborted: by their sender, or by a shutdown out of patience.',
  );
  readonly #seconds = new Histogram({
    name: 'sglang:e2e_request_latency_seconds',
    help: 'Seconds from the arrival of a request for embeddings until its answer could be sent.',
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #inputs = new Histogram({
    name: 'qwen_embed_request_inputs',
    help: 'Inputs per answered request.',
    buckets: INPUT_COUNTS,
    registers: [this.#registry],
  });
  readonly #arrivals = this.#counter('sglang:http_requests_total', 'HTTP requests.', 'endpoint', 'method');
  readonly #answers = this.#counter(
    'sglang:http_responses_total',
    'HTTP answers.',
    ...['endpoint', 'status_code', 'method'],
  );
  readonly #refusals = this.#counter('qwen_embed_refusals_total', 'Requests refused, by fault.', 'code');

  constructor(context: MetricsContext) {
    this.#context = context;
    this.#registry.setDefaultLabels({ model_name: context.modelId });
    for (const row of METRIC_ROWS) addRow(this.#registry, row, () => this.#read());
  }

  arrived({ path, method }: Endpoint): void {
    this.#arrivals.inc({ endpoint: path, method });
  }

  answered({ path, method }: Endpoint, status: number): void {
    this.#answers.inc({ endpoint: path, method, status_code: status });
  }

  aborted(): void {
    this.#aborted.inc();
  }

  refused(code: FaultCode): void {
    this.#refusals.inc({ code });
  }

  spent(stage: ServerStage, seconds: number): void {
    this.#serverSeconds[stage] += seconds;
  }

  /** Counts the request as open until `work` is settled. */
  async whileOpen<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#openEmbeddings += 1;
    try {
      return await work();
    } finally {
      this.#openEmbeddings -= 1;
    }
  }

  embedded({ inputs, tokens, seconds }: EmbeddedRequest): void {
    this.#requests.inc();
    this.#tokens.inc(tokens);
    this.#inputs.observe(inputs);
    this.#seconds.observe(seconds);
  }

  async render(): Promise<string> {
    await this.#refreshProfile();
    return this.#registry.metrics();
  }

  // One question at a time: a late answer serves whoever asks next, and none can overtake another.
  async #refreshProfile(): Promise<void> {
    this.#asking ??= this.#askProfile().finally(() => (this.#asking = null));
    const answered = new AbortController();
    const { profileTimeoutMs = PROFILE_TIMEOUT_MS } = this.#context;
    const timeout = delay(profileTimeoutMs, undefined, { signal: answered.signal }).catch(() => undefined);
    await Promise.race([this.#asking, timeout]);
    answered.abort();
  }

  async #askProfile(): Promise<void> {
    try {
      this.#profile = await this.#context.service.embedder.profile();
    } catch {
      // No embedder yet or no longer, or no worker that answers: the last profile stands.
    }
  }

  #read(): Reading {
    const { service, openRequests } = this.#context;
    return {
      profile: this.#profile,
      fleet: service.fleet,
      contextTokens: service.contextTokens ?? 0,
      openEmbeddings: this.#openEmbeddings,
      openRequests: openRequests.count,
      serverSeconds: this.#serverSeconds,
    };
  }

  #counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}

// The library keeps sums of its own; ours replace them at each reading.
function addRow(registry: Registry, row: MetricRow, read: () => Reading): void {
  const { name, help, kind } = row;
  const collect = (metric: Counter | Gauge): void => {
    metric.reset();
    if (!('label' in row)) {
      metric.inc(row.read(read()));
      return;
    }
    for (const [key, value] of Object.entries(row.readAll(read()))) metric.inc({ [row.label]: key }, value);
  };
  const shape = { name, help, labelNames: 'label' in row ? [row.label] : [], registers: [registry] };
  const options = {
    ...shape,
    collect(this: Counter | Gauge) {
      collect(this);
    },
  };
  if (kind === 'counter') new Counter(options);
  else new Gauge(options);
}
