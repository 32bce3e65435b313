// Owns the talk with the server that the page came from: requests, the key, and refusals in the server's own words.
// The key is held here, in memory, and nowhere else.

import type { Reading } from './request.ts';
import type { Vector } from './vectors.ts';

/** Why there is no answer: the server's sentence and hint, or ours where it cannot be reached. */
export interface Refusal {
  /** Null = nothing answered. */
  status: number | null;
  message: string;
  hint: string;
}

export type Outcome<Value> = { value: Value; refusal: null } | { value: null; refusal: Refusal };

export interface Embedded {
  vectors: Vector[];
  modelId: string;
  tokens: number;
}

interface EmbeddingsAnswer {
  model: string;
  data: { index: number; embedding: string }[];
  usage: { prompt_tokens: number };
}

const REQUEST_TIMEOUT_MS = 120_000;

export class Api {
  /** Where the page lies, without a slash at its end. */
  readonly baseUrl: string;
  #key: string | null = null;

  constructor(pageUrl: string) {
    this.baseUrl = new URL('.', pageUrl).href.replace(/\/$/, '');
  }

  get hasKey(): boolean {
    return this.#key !== null;
  }

  useKey(key: string): void {
    this.#key = key;
  }

  async embed(texts: readonly string[], reading: Reading): Promise<Outcome<Embedded>> {
    const body = { input: texts, encoding_format: 'base64', ...reading };
    const outcome = await this.#ask<EmbeddingsAnswer>('/v1/embeddings', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (outcome.value === null) return outcome;
    const { data, model, usage } = outcome.value;
    const vectors = data.map(({ embedding }) => decodeVector(embedding));
    return { value: { vectors, modelId: model, tokens: usage.prompt_tokens }, refusal: null };
  }

  serverInfo(): Promise<Outcome<unknown>> {
    return this.#ask('/server_info', {});
  }

  async #ask<Value>(path: string, options: RequestInit): Promise<Outcome<Value>> {
    const headers = new Headers(options.headers);
    if (this.#key !== null) headers.set('authorization', `Bearer ${this.#key}`);
    try {
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      const response = await fetch(`${this.baseUrl}${path}`, { ...options, headers, signal });
      if (!response.ok) return { value: null, refusal: await readRefusal(response) };
      return { value: (await response.json()) as Value, refusal: null };
    } catch (error) {
      return unreadable(error);
    }
  }
}

export function unreadable(error: unknown): Outcome<never> {
  const message = `no answer that can be read: ${(error as Error).message}`;
  return { value: null, refusal: { status: null, message, hint: 'see whether the server still runs' } };
}

async function readRefusal(response: Response): Promise<Refusal> {
  const { status } = response;
  const body = (await response.json().catch(() => null)) as {
    error?: { message?: string };
    hint?: string;
  } | null;
  const message = body?.error?.message ?? `the answer is ${String(status)} ${response.statusText}`;
  return { status, message, hint: body?.hint ?? 'a proxy may stand before the server' };
}

/** Little-endian float32, as every machine that runs a browser has it. */
function decodeVector(base64: string): Vector {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}
