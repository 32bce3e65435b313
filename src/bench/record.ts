// What happened in one round, counted while it runs and summed up at its end. Knows no clock and no network.
import type { Outcome } from './client.ts';
import { percentile, Samples } from './statistics.ts';

export type RoundEnd =
  | 'texts'
  | 'time'
  /** The server went away: many requests in a row got no answer. */
  | 'unreachable'
  /** An open loop had more requests waiting than fit in memory. */
  | 'backlog'
  | 'interrupted';

export interface ErrorCount {
  /** HTTP status; null where there was no whole answer. */
  status: number | null;
  code: string;
  count: number;
}

export interface Round {
  /** What ended it. */
  end: RoundEnd;
  /** From the start to the last answer. */
  elapsedMs: number;
  /** Answered as they should be; failed ones are in `failures` only. */
  texts: number;
  requests: number;
  failures: number;
  errors: ErrorCount[];
  retries: number;
  textsPerSecond: number;
  requestsPerSecond: number;
  /** Null where the server does not count tokens. */
  tokens: number | null;
  tokensPerSecond: number | null;
  /** Of requests that succeeded; in an open loop since the planned arrival. */
  latencyMs: { mean: number; p50: number; p95: number; p99: number; max: number } | null;
  /** Open loop: arrivals per second, and how late the generator itself sent them. */
  arrivals: { perSecond: number; lateMs: { p50: number; p99: number; max: number } } | null;
  /** CPU time of this process over elapsed time; near 1 the generator, not the server, may be the limit. */
  generatorCores: number;
}

type Failure = Extract<Outcome, { ok: false }>;

export class Recorder {
  readonly #latencies = new Samples();
  readonly #lateness = new Samples();
  readonly #errors = new Map<string, ErrorCount>();
  #tokens: number | null = 0;
  #lastArrivalMs = 0;
  texts = 0;
  requests = 0;
  failures = 0;
  retries = 0;

  addSuccess(latencyMs: number, texts: number, tokens: number | null): void {
    this.#latencies.add(latencyMs);
    this.requests++;
    this.texts += texts;
    this.#tokens = tokens === null || this.#tokens === null ? null : this.#tokens + tokens;
  }

  addFailure({ status, code }: Pick<Failure, 'status' | 'code'>): void {
    this.failures++;
    const key = `${String(status)} ${code}`;
    const error = this.#errors.get(key) ?? { status, code, count: 0 };
    error.count++;
    this.#errors.set(key, error);
  }

  /** `plannedMs` since the start of the round. */
  addArrival(plannedMs: number, lateMs: number): void {
    this.#lastArrivalMs = plannedMs;
    this.#lateness.add(lateMs);
  }

  finish({ end, elapsedMs, cpuMs }: { end: RoundEnd; elapsedMs: number; cpuMs: number }): Round {
    const perSecond = (count: number) => (elapsedMs === 0 ? 0 : (1000 * count) / elapsedMs);
    const { requests, texts, failures, retries } = this;
    return {
      end,
      elapsedMs,
      texts,
      requests,
      failures,
      errors: [...this.#errors.values()].sort((a, b) => b.count - a.count),
      retries,
      textsPerSecond: perSecond(texts),
      requestsPerSecond: perSecond(requests),
      tokens: this.#tokens,
      tokensPerSecond: this.#tokens === null ? null : perSecond(this.#tokens),
      latencyMs: this.#sumUpLatencies(),
      arrivals: this.#sumUpArrivals(),
      generatorCores: elapsedMs === 0 ? 0 : cpuMs / elapsedMs,
    };
  }

  #sumUpLatencies(): Round['latencyMs'] {
    const sorted = this.#latencies.sorted();
    if (sorted.length === 0) return null;
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    const [p50, p95, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.95), percentile(sorted, 0.99)];
    return { mean, p50, p95, p99, max: percentile(sorted, 1) };
  }

  #sumUpArrivals(): Round['arrivals'] {
    const sorted = this.#lateness.sorted();
    if (sorted.length === 0) return null;
    const lateMs = {
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      max: percentile(sorted, 1),
    };
    return { perSecond: (1000 * sorted.length) / this.#lastArrivalMs, lateMs };
  }
}
