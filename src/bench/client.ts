// HTTP to one server: bodies out, outcomes back. The hot path: it keeps connections, reads an answer's edges and
// counts, and turns every failure into an outcome; it never throws and never sends a second time on its own.
import { Pool, type Dispatcher } from 'undici';
import type { Endpoint } from '../client/endpoint.ts';
import {
  countEmbeddings,
  isUnitLength,
  parseVectors,
  readPromptTokens,
  readRefusal,
} from '../client/answer.ts';
import { networkErrorCode } from '../network-error.ts';

export interface ClientOptions {
  endpoint: Endpoint;
  connections: number;
  /** To the first byte of an answer, and between two of its pieces. */
  timeoutMs: number;
  apiKey: string | null;
  /** Every vector is parsed and must be of unit length. */
  checkVectors: boolean;
}

export type Outcome =
  /** `tokens` is null where the server does not count them. */
  | { ok: true; tokens: number | null }
  /** `status` is null where there was no whole answer. */
  | { ok: false; status: number | null; code: string; retryAfterMs: number | null };

export interface Answer {
  status: number;
  body: Buffer;
  retryAfterMs: number | null;
}

export class Client {
  readonly endpoint: Endpoint;
  readonly #options: ClientOptions;
  readonly #headers: Record<string, string>;
  #pool: Pool;

  constructor(options: ClientOptions) {
    this.endpoint = options.endpoint;
    this.#options = options;
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(options.apiKey === null ? {} : { authorization: `Bearer ${options.apiKey}` }),
    };
    this.#pool = this.#openPool();
  }

  /** Sends one body that asks for `count` embeddings. */
  async embed(body: string, count: number): Promise<Outcome> {
    try {
      return this.#judge(await this.post(body), count);
    } catch (error) {
      return { ok: false, status: null, code: networkErrorCode(error), retryAfterMs: null };
    }
  }

  /** Rejects with undici's error where there is no whole answer. */
  post(body: string): Promise<Answer> {
    const { embeddingsPath: path } = this.endpoint;
    return exchange(this.#pool, { method: 'POST', path, headers: this.#headers, body });
  }

  getModels(): Promise<Answer> {
    return exchange(this.#pool, { method: 'GET', path: this.endpoint.modelsPath, headers: this.#headers });
  }

  getMetrics(): Promise<Answer> {
    return exchange(this.#pool, { method: 'GET', path: this.endpoint.metricsPath, headers: this.#headers });
  }

  /** What is in flight fails, what comes later goes out on new connections. */
  async abort(): Promise<void> {
    const old = this.#pool;
    this.#pool = this.#openPool();
    await old.destroy();
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  #openPool(): Pool {
    const { endpoint, connections, timeoutMs } = this.#options;
    return new Pool(endpoint.origin, { connections, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  }

  #judge({ status, body, retryAfterMs }: Answer, count: number): Outcome {
    const refuse = (code: string): Outcome => ({ ok: false, status, code, retryAfterMs });
    if (status < 200 || status > 299) return refuse(readRefusal(body.toString('utf8')).code ?? 'no_code');
    if (this.#options.checkVectors) {
      const vectors = parseVectors(body);
      if (vectors?.length !== count) return refuse('wrong_count');
      if (!vectors.every(isUnitLength)) return refuse('not_unit_length');
    } else if (countEmbeddings(body) !== count && parseVectors(body)?.length !== count)
      return refuse('wrong_count');
    return { ok: true, tokens: readPromptTokens(body) };
  }
}

/** `undici.request` would wrap the body in a stream; pieces are all that is needed. */
function exchange(pool: Pool, options: Dispatcher.DispatchOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let status = 0;
    let retryAfterMs: number | null = null;
    pool.dispatch(options, {
      // undici tells old handlers from new ones by this member.
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode, headers) => {
        status = statusCode;
        retryAfterMs = parseRetryAfter(headers['retry-after']);
      },
      onResponseData: (_controller, piece) => {
        pieces.push(piece);
      },
      onResponseEnd: () => {
        const body = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
        resolve({ status, body, retryAfterMs });
      },
      onResponseError: (_controller, error) => {
        reject(error);
      },
    });
  });
}

// Dates are legal there too; no server of this kind sends one.
function parseRetryAfter(value: string | string[] | undefined): number | null {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? 1000 * Number(value) : null;
}
