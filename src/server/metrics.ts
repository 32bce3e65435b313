// Counts what the server does and renders it, with what the embedder has done, as Prometheus' text format.
// Counting is always on, it costs microseconds per request; whether GET /metrics exists is the server's choice.
// A worker that is slow, dead or gone cannot hold up an answer: its sums are then those that were last known.

import { setTimeout as delay } from 'node:timers/promises';
import { Counter, Gauge, Histogram, type HistogramConfiguration, Registry } from 'prom-client';
import { emptyProfile } from '../embedder.ts';
import type { FaultCode } from '../faults.ts';
import { BYTES, SECONDS } from './histogram-bounds.ts';
import { METRIC_ROWS, type MetricRow, type Reading, type ServerStage } from './metric-rows.ts';
import type { OpenRequests } from './open-requests.ts';
import { type EmbeddedRequest, RequestMetrics, type RequestMetricsShape } from './request-metrics.ts';
import type { Service } from './service.ts';
import { addStageHistograms } from './stage-histograms.ts';

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Prometheus itself gives up after 10 s. */
const PROFILE_TIMEOUT_MS = 2000;

export interface Endpoint {
  /** The route's pattern, never the sender's path: senders choose paths without end. */
  path: string;
  method: string;
}

export interface Answered extends Endpoint {
  status: number;
  seconds: number;
  /** Null where the length was not announced. */
  requestBytes: number | null;
  answerBytes: number | null;
}

/** What the launch may say about the metrics. */
export interface MetricsShape extends RequestMetricsShape {
  labels: Readonly<Record<string, string>>;
}

const PLAIN_METRICS: MetricsShape = {
  labels: {},
  latencyBuckets: null,
  firstTokenBuckets: null,
  promptTokenBuckets: null,
  customLabels: null,
};

/** Stages of one request as the server sees them; `embed` is the embedder's, waiting included. */
export type RequestStage = ServerStage | 'embed';

interface MetricsContext {
  modelId: string;
  service: Service;
  openRequests: OpenRequests;
  shape?: MetricsShape;
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

  readonly #embedded: RequestMetrics;
  readonly #aborted = this.#counter(
    'sglang:num_aborted_requests_total',
    'Requests aborted: by their sender, at their deadline, or by a shutdown out of patience.',
  );
  readonly #stages = this.#histogram({
    name: 'qwen_embed_request_stage_seconds',
    help: 'Seconds per stage of a request: parse, embed (waiting and computing), encode.',
    buckets: SECONDS,
    labelNames: ['stage'],
  });
  readonly #httpSeconds = this.#histogram({
    name: 'sglang:http_request_latency_seconds',
    help: 'Seconds from the arrival of an HTTP request until its answer was sent.',
    buckets: SECONDS,
    labelNames: ['endpoint', 'method'],
  });
  readonly #requestBytes = this.#histogram({
    name: 'sglang:http_request_size_bytes',
    help: 'Size of the bodies of requests.',
    buckets: BYTES,
    labelNames: ['endpoint', 'method'],
  });
  readonly #answerBytes = this.#histogram({
    name: 'sglang:http_response_size_bytes',
    help: 'Size of the bodies of answers.',
    buckets: BYTES,
    labelNames: ['endpoint', 'method'],
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
    const { labels, ...requestShape } = context.shape ?? PLAIN_METRICS;
    this.#registry.setDefaultLabels({ ...labels, model_name: context.modelId });
    this.#embedded = new RequestMetrics(this.#registry, requestShape);
    for (const row of METRIC_ROWS) addRow(this.#registry, row, () => this.#read());
    addStageHistograms(this.#registry, () => this.#profile);
  }

  arrived({ path, method }: Endpoint): void {
    this.#arrivals.inc({ endpoint: path, method });
  }

  answered({ path, method, status, seconds, requestBytes, answerBytes }: Answered): void {
    const labels = { endpoint: path, method };
    this.#answers.inc({ ...labels, status_code: status });
    this.#httpSeconds.observe(labels, seconds);
    if (requestBytes !== null) this.#requestBytes.observe(labels, requestBytes);
    if (answerBytes !== null) this.#answerBytes.observe(labels, answerBytes);
  }

  aborted(): void {
    this.#aborted.inc();
  }

  refused(code: FaultCode): void {
    this.#refusals.inc({ code });
  }

  spent(stage: RequestStage, seconds: number): void {
    this.#stages.observe({ stage }, seconds);
    if (stage !== 'embed') this.#serverSeconds[stage] += seconds;
  }

  /** Requests for embeddings that were let in and have no answer yet. */
  get openEmbeddings(): number {
    return this.#openEmbeddings;
  }

  /** Of the requests for embeddings answered so far. */
  get done(): RequestMetrics['done'] {
    return this.#embedded.done;
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

  embedded(request: EmbeddedRequest): void {
    this.#embedded.answered(request);
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
      startupSeconds: service.startupSeconds,
      serverSeconds: this.#serverSeconds,
    };
  }

  #histogram(settings: Omit<HistogramConfiguration<string>, 'registers'>): Histogram {
    return new Histogram({ ...settings, registers: [this.#registry] });
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
