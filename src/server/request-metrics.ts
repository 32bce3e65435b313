// Owns the metrics that grow with each answered request for embeddings, with the labels that its sender may say.
import { Counter, Histogram, type Registry } from 'prom-client';
import { CustomLabelReader, type CustomLabels } from './custom-labels.ts';
import { INPUT_COUNTS, SECONDS, TOKENS } from './histogram-bounds.ts';

export interface EmbeddedRequest {
  inputs: number;
  tokens: number;
  /** From its arrival until its answer could be sent. */
  seconds: number;
  /** Where its sender may have said labels. */
  headers: Parameters<CustomLabelReader['read']>[0];
}

/** What the launch may say about them; null = as they are. */
export interface RequestMetricsShape {
  /** Upper bounds. */
  latencyBuckets: readonly number[] | null;
  firstTokenBuckets: readonly number[] | null;
  promptTokenBuckets: readonly number[] | null;
  customLabels: CustomLabels | null;
}

export class RequestMetrics {
  /** Of all requests answered so far. */
  readonly done = { requests: 0, inputs: 0, tokens: 0 };
  readonly #labels: CustomLabelReader;
  readonly #requests: Counter;
  readonly #tokens: Counter;
  readonly #seconds: Histogram;
  readonly #firstTokenSeconds: Histogram;
  readonly #promptTokens: Histogram;
  readonly #inputs: Histogram;

  constructor(registry: Registry, shape: RequestMetricsShape) {
    const { latencyBuckets, firstTokenBuckets, promptTokenBuckets, customLabels } = shape;
    this.#labels = new CustomLabelReader(customLabels);
    const common = { labelNames: [...this.#labels.names], registers: [registry] };
    this.#requests = new Counter({
      ...common,
      name: 'sglang:num_requests_total',
      help: 'Requests for embeddings answered.',
    });
    this.#tokens = new Counter({
      ...common,
      name: 'sglang:prompt_tokens_total',
      help: 'Tokens of the answered requests.',
    });
    this.#inputs = new Histogram({
      ...common,
      name: 'qwen_embed_request_inputs',
      help: 'Inputs per answered request.',
      buckets: INPUT_COUNTS,
    });
    this.#seconds = new Histogram({
      ...common,
      name: 'sglang:e2e_request_latency_seconds',
      help: 'Seconds from the arrival of a request for embeddings until its answer could be sent.',
      buckets: [...(latencyBuckets ?? SECONDS)],
    });
    this.#firstTokenSeconds = new Histogram({
      ...common,
      name: 'sglang:time_to_first_token_seconds',
      help: 'As sglang:e2e_request_latency_seconds: an embedding comes whole, and dashboards of SGLang ask for this.',
      buckets: [...(firstTokenBuckets ?? SECONDS)],
    });
    this.#promptTokens = new Histogram({
      ...common,
      name: 'sglang:prompt_tokens_histogram',
      help: 'Tokens per answered request.',
      buckets: [...(promptTokenBuckets ?? TOKENS)],
    });
  }

  answered({ inputs, tokens, seconds, headers }: EmbeddedRequest): void {
    const labels = this.#labels.read(headers);
    this.done.requests += 1;
    this.done.inputs += inputs;
    this.done.tokens += tokens;
    this.#requests.inc(labels);
    this.#promptTokens.observe(labels, tokens);
    this.#tokens.inc(labels, tokens);
    this.#inputs.observe(labels, inputs);
    this.#seconds.observe(labels, seconds);
    this.#firstTokenSeconds.observe(labels, seconds);
  }
}
