// A listening HTTP server from before the model is loaded until the last answer is sent.
// Order of calls: openServer, serve (once the embedder is there), close. It never closes the embedder: not its own.

import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import type { Embedder } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { buildApp } from './app.ts';
import type { ServedModel } from './handlers.ts';
import { Metrics } from './metrics.ts';
import { OpenRequests } from './open-requests.ts';
import type { ServerLog } from './refusal.ts';
import { type Backing, Service } from './service.ts';
import { Threads } from './threads.ts';

export interface ServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  model: ServedModel;
  bodyLimitBytes?: number;
  /** Whether GET /metrics exists. */
  metrics?: boolean;
  log?: ServerLog;
}

export interface Server {
  /** For clients on this machine: a wildcard host reads as the loopback address. */
  readonly url: string;
  readonly port: number;
  /** For tests: `inject`. */
  readonly app: FastifyInstance;
  /** From now on requests are answered, as `rules` say; /health is 200 while `isLive()`, /metrics shows `fleet()`. */
  serve(embedder: Embedder, backing?: Partial<Backing>): void;
  /**
   * Refuses new requests with STOPPING while those in flight finish, then frees the port.
   * After `graceMs`, if given, those in flight are aborted and answer STOPPING too, or lose their connection.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

// 2,048 inputs of 32 KB each: ten times an ordinary document chunk.
const DEFAULT_BODY_LIMIT_BYTES = 64 * 1024 * 1024;

// How long a connection may keep the server from closing when nothing is to be waited for.
const STRAGGLERS_MS = 100;

/** Faults: PORT_IN_USE, ADDRESS_UNUSABLE. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { host, model, bodyLimitBytes = DEFAULT_BODY_LIMIT_BYTES, log = () => undefined } = options;
  const service = new Service();
  const openRequests = new OpenRequests();
  const metrics = new Metrics({ modelId: model.id, service, openRequests });
  const exposesMetrics = options.metrics === true;
  const threads = new Threads({
    onDeath: (problem) => {
      log({ level: 'warn', message: `a thread of the server died: ${problem}` });
    },
  });
  const app = buildApp({
    model,
    service,
    openRequests,
    metrics,
    threads,
    exposesMetrics,
    bodyLimitBytes,
    log,
  });
  const port = await listen(app, options);
  let closed: Promise<void> | null = null;
  return {
    url: renderUrl(host, port),
    port,
    app,
    serve: (embedder, backing) => {
      service.serve(embedder, backing);
    },
    close: ({ graceMs } = {}) => {
      service.stop();
      closed ??= drain(app, openRequests, graceMs).finally(() => threads.close());
      return closed;
    },
  };
}

async function listen(app: FastifyInstance, { host, port }: ServerOptions): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new Fault('PORT_IN_USE', { host, port }, { cause: error });
    throw new Fault('ADDRESS_UNUSABLE', { host, port, problem: message }, { cause: error });
  }
  return (app.server.address() as AddressInfo).port;
}

async function drain(app: FastifyInstance, openRequests: OpenRequests, graceMs?: number): Promise<void> {
  const timers: NodeJS.Timeout[] = [];
  if (graceMs !== undefined) {
    const abort = () => {
      openRequests.abortAll();
      timers.push(closeConnectionsLater(app));
    };
    timers.push(setTimeout(abort, graceMs));
  }
  await openRequests.whenNone();
  // Node counts a connection that never sent a byte as busy and would wait a minute for it.
  timers.push(closeConnectionsLater(app));
  await app.close();
  for (const timer of timers) clearTimeout(timer);
}

function closeConnectionsLater(app: FastifyInstance): NodeJS.Timeout {
  return setTimeout(() => {
    app.server.closeAllConnections();
  }, STRAGGLERS_MS);
}

function renderUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const written = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `http://${written}:${String(port)}`;
}
