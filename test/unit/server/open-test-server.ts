// A server on a free port over a FakeEmbedder, closed when its test ends.

import type { TestContext } from 'node:test';
import { openServer, type Server, type ServerOptions } from '../../../src/server/server.ts';
import type { ServerLogEntry } from '../../../src/server/refusal.ts';
import { FakeEmbedder } from '../../fixtures/fake-embedder.ts';

export const MODEL_ID = 'Qwen/Qwen3-Embedding-0.6B';

export interface TestServer {
  server: Server;
  embedder: FakeEmbedder;
  entries: ServerLogEntry[];
  /** POST /v1/embeddings of a JSON value or of raw text. */
  post: (body: unknown, headers?: Record<string, string>) => Promise<InjectedAnswer>;
}

export type InjectedAnswer = Awaited<ReturnType<Server['app']['inject']>>;

export async function openTestServer(
  t: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const entries: ServerLogEntry[] = [];
  const model = { id: MODEL_ID, createdUnixSeconds: 1_700_000_000 };
  const log = (entry: ServerLogEntry) => entries.push(entry);
  const server = await openServer({ host: '127.0.0.1', port: 0, model, log, ...options });
  t.after(() => server.close({ graceMs: 0 }));
  return {
    server,
    embedder: new FakeEmbedder(),
    entries,
    post: (body, headers = { 'content-type': 'application/json' }) =>
      server.app.inject({
        method: 'POST',
        url: '/v1/embeddings',
        headers,
        payload: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

/** The same, with its embedder already serving. */
export async function openServingServer(
  t: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const opened = await openTestServer(t, options);
  opened.server.serve(opened.embedder);
  return opened;
}

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
  hint: string;
}

export interface EmbeddingsBody {
  object: string;
  data: { object: string; index: number; embedding: number[] | string }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
}
