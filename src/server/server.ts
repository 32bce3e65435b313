// A listening HTTP server from before the model is loaded until the last answer is sent.
// Order of calls: openServer, serve (once the embedder is there), close. It never closes the embedder: not its own.

import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Embedder } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { Gate, type Keys } from './access.ts';
import { buildApp } from './app.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from './connections.ts';
import { Metrics, type MetricsShape } from './metrics.ts';
import { renderOpenApi } from './openapi.ts';
import { OpenRequests } from './open-requests.ts';
import { readPages } from './pages.ts';
import type { ServerLog } from './refusal.ts';
import { RequestLog, type RequestLogSettings } from './request-log.ts';
import type { Feature } from './route-row.ts';
import { rowsWith } from './routes.ts';
import { type PublicSettings, type ServedModel, versionOf } from './server-facts.ts';
import { type Backing, Service } from './service.ts';
import { Threads } from './threads.ts';
import { readTls, type TlsFiles, watchTls } from './tls.ts';

export interface ServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  model: ServedModel;
  /** What /server_info tells, and /model_info in part. */
  settings?: PublicSettings;
  keys?: Keys;
  /** HTTPS instead of HTTP; `refresh`: with new certificates as soon as the files change. */
  tls?: (TlsFiles & { refresh: boolean }) | null;
  /** Routes answer below this path too, such as `/prefix`. */
  rootPath?: string;
  /** What a connection may ask; the rest is CONNECTION_LIMITS. */
  limits?: Partial<ConnectionLimits>;
  /** Within which a request for vectors has its answer or DEADLINE; null = whenever it has it. */
  requestDeadlineMs?: number | null;
  /** Within which /health_generate must see a vector. */
  healthTimeoutMs?: number;
  /** Whether /health computes a vector, too. */
  provesHealth?: boolean;
  /** Beginnings of paths whose requests leave no line in the log. */
  quietPaths?: readonly string[];
  requestLog?: RequestLogSettings | null;
  /** Whether GET /metrics exists, and how. */
  metrics?: boolean | MetricsShape;
  /** Whether there are pages for browsers at / and, with the document, at /docs. */
  ui?: boolean;
  /** Whether there is /openapi.json. */
  openApi?: boolean;
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

const OPEN: Keys = { api: null, admin: null };

/** SGLang's. */
const HEALTH_TIMEOUT_MS = 20_000;

// How long a connection may keep the server from closing when nothing is to be waited for.
const STRAGGLERS_MS = 100;

/** Faults: PORT_IN_USE, ADDRESS_UNUSABLE, FILE_UNREADABLE. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { host, tls = null, log = () => undefined } = options;
  const context = tls === null ? null : readTls(tls);
  const parts = openParts(options, log);
  const { service, openRequests, threads, requestLog } = parts;
  const app = buildApp({
    ...parts,
    tls: context,
    gate: new Gate(options.keys ?? OPEN),
    limits: { ...CONNECTION_LIMITS, ...options.limits },
    quietPaths: options.quietPaths ?? [],
  });
  const watch = tls?.refresh === true ? refreshTls(app, tls, log) : null;
  const port = await listen(app, options).catch((error: unknown) => {
    watch?.close();
    throw error;
  });
  let closed: Promise<void> | null = null;
  return {
    url: renderUrl(tls === null ? 'http' : 'https', host, port),
    port,
    app,
    serve: (embedder, backing) => {
      service.serve(embedder, backing);
    },
    close: ({ graceMs } = {}) => {
      service.stop();
      watch?.close();
      closed ??= drain(app, openRequests, graceMs)
        .finally(() => threads.close())
        .finally(() => requestLog?.close());
      return closed;
    },
  };
}

function openParts(options: ServerOptions, log: ServerLog) {
  const { model, settings = {}, healthTimeoutMs = HEALTH_TIMEOUT_MS, requestLog = null } = options;
  const warn = (message: string): void => {
    log({ level: 'warn', message });
  };
  const service = new Service();
  const openRequests = new OpenRequests(options.requestDeadlineMs);
  const { metrics = false, ui = false, openApi = true, rootPath = '' } = options;
  const shape = typeof metrics === 'object' ? { shape: metrics } : {};
  const pages = ui ? readPages() : null;
  if (ui && pages === null) warn('there is no page at /: it was not built; npm run build builds it');
  const features = new Set<Feature>();
  if (metrics !== false) features.add('metrics');
  if (openApi) features.add('openapi');
  if (pages !== null) features.add('pages');
  if (openApi && pages !== null) features.add('docs');
  return {
    pages,
    features,
    rootPath,
    openApi: renderOpenApi({ rows: rowsWith(features), version: versionOf(settings), rootPath }),
    model,
    settings,
    healthTimeoutMs,
    provesHealth: options.provesHealth ?? false,
    log,
    service,
    openRequests,
    metrics: new Metrics({ modelId: model.id, service, openRequests, ...shape }),
    threads: new Threads({
      onDeath: (problem) => {
        warn(`a thread of the server died: ${problem}`);
      },
    }),
    requestLog: requestLog === null ? null : new RequestLog(requestLog, warn),
  };
}

function refreshTls(app: FastifyInstance, files: TlsFiles, log: ServerLog): { close(): void } {
  return watchTls(files, (change) => {
    if (change instanceof Fault) {
      log({ level: 'warn', message: `the old certificate stays in use: ${change.message}` });
      return;
    }
    (app.server as unknown as TlsServer).setSecureContext(change);
    log({ level: 'info', message: 'new connections get the new certificate' });
  });
}

async function listen(app: FastifyInstance, { host, port }: ServerOptions): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new Fault('PORT_IN_USE', { host, port }, { cause: error });
    const isForbidden = code === 'EACCES';
    throw new Fault('ADDRESS_UNUSABLE', { host, port, problem: message, isForbidden }, { cause: error });
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

function renderUrl(scheme: 'http' | 'https', host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const written = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `${scheme}://${written}:${String(port)}`;
}
