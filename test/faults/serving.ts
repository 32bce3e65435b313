// What the fault tests share: the real server on the tiny model, requests whose vectors are known, its workers.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { launchServer, type RunningServer } from '../fixtures/run-cli.ts';
import { relativeDifference } from '../fixtures/vectors.ts';

export interface Served extends RunningServer {
  /** Sends one text; resolves with the status, the fault's code and sentence, and the vector. */
  ask: (text: string) => Promise<Reply>;
}

export interface Reply {
  status: number;
  code: string | null;
  message: string | null;
  vector: Float32Array | null;
}

interface Serving {
  args?: readonly string[];
  env?: Record<string, string>;
  shell?: string;
}

const ARGS = ['--device', 'cpu', '--port', '0', '--embedding-cache-size', '0', '--enable-metrics'];

/** Ended with the test, however it ends. */
export async function serve(t: TestContext, modelPath: string, more: Serving = {}): Promise<Served> {
  const { args = [], ...options } = more;
  const server = await launchServer(['--model-path', modelPath, ...ARGS, ...args], options);
  let isOver = false;
  const end = (signal?: NodeJS.Signals) => {
    isOver = true;
    return server.end(signal);
  };
  t.after(() => (isOver ? null : server.end('SIGKILL')));
  return { ...server, end, ask: (text) => ask(server.url, text) };
}

async function ask(url: string, text: string): Promise<Reply> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ input: text }),
  });
  const body = (await response.json()) as {
    data?: { embedding: number[] }[];
    error?: { code: string; message: string };
  };
  const embedding = body.data?.[0]?.embedding;
  return {
    status: response.status,
    code: body.error?.code ?? null,
    message: body.error?.message ?? null,
    vector: embedding === undefined ? null : Float32Array.from(embedding),
  };
}

/** The same text computed twice, alone and among others, differs by less than this, as in e2e/engine.test.ts. */
const TOLERANCE = 1e-3;

export function assertSame(reply: Reply | undefined, expected: Reply | undefined): void {
  assert.ok(reply?.vector, `${String(reply?.status)} ${String(reply?.message)}`);
  assert.ok(expected?.vector);
  assert.ok(relativeDifference(reply.vector, expected.vector) < TOLERANCE);
}

export const words = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `text number ${String(n)}`);
