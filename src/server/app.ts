// Fastify built from the table of routes: its settings, its hooks, and each row's paths, methods and handler.
// Order for a request: id, count of open requests, key, 404 or 405, readiness, content type, body, handler.

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { Fault, faultFrom } from '../faults.ts';
import type { Access, Gate } from './access.ts';
import { type ConnectionLimits, guardAnswer, nodeLimits } from './connections.ts';
import type { Handler, HandlerContext } from './handler.ts';
import { makeHandlers } from './handlers.ts';
import { checkBodyHeaders } from './json-body.ts';
import type { Endpoint } from './metrics.ts';
import { taskOf } from './other-tasks.ts';
import { makeRefuseMalformed } from './malformed.ts';
import { makeRefuse, pathOf, type Refuse, type ServerLog, unknownRoute } from './refusal.ts';
import { requestIdFrom } from './request-id.ts';
import { FAULTS_OF_NO_ROUTE } from './route-faults.ts';
import { faultsOf, type Feature, pathsOf, type RouteRow } from './route-row.ts';
import { type RouteName, rowsWith } from './routes.ts';
import type { TlsContext } from './tls.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call; a path without a route is for those who may call any. */
    access?: Access;
  }
}

export interface AppOptions extends HandlerContext {
  limits: ConnectionLimits;
  features: ReadonlySet<Feature>;
  gate: Gate;
  /** Routes answer below this path too: "" or "/prefix". */
  rootPath: string;
  tls: TlsContext | null;
  /** Beginnings of paths whose requests leave no line in the log. */
  quietPaths: readonly string[];
  log: ServerLog;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** A row `forBrowsers` answers requests that ask for HTML; programs accept anything and meet another row. */
const asksFor = () => ({
  name: 'asksFor',
  storage: () => new Map(),
  deriveConstraint: ({ headers }: IncomingMessage) =>
    headers.accept?.includes('text/html') === true ? 'html' : 'any',
});

export function buildApp(options: AppOptions): FastifyInstance {
  const { limits, tls } = options;
  const refuse = makeRefuse({ ...options, faults: FAULTS_OF_NO_ROUTE });
  const app = fastify({
    logger: false,
    ...(tls === null ? { http: nodeLimits(limits) } : { https: { ...nodeLimits(limits), ...tls } }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    rewriteUrl: ({ url = '/' }) => withoutRoot(url, options.rootPath),
    // Refusals while stopping are ours: they carry the fault's body and let /health say so.
    return503OnClosing: false,
    genReqId: (raw) => requestIdFrom(raw.headers['x-request-id']),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096, constraints: { asksFor: asksFor() } },
    clientErrorHandler: makeRefuseMalformed(options),
    frameworkErrors: (_error, request, reply) => {
      refuse(unknownRoute(request), request, reply);
    },
    // Its type tells HTTP from HTTPS; nothing here does.
  }) as unknown as FastifyInstance;
  addBodyParser(app);
  addHooks(app, options);
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) => {
    refuse(unknownRoute(request), request, reply);
  });
  const handlers: Partial<Record<RouteName, Handler>> = makeHandlers(options);
  for (const [name, row] of rowsWith(options.features)) {
    const rowRefuse = makeRefuse({ ...options, faults: faultsOf(row) });
    const handler = handlers[name] ?? (() => undefined);
    addRoute(app, { row, handler, refuse: rowRefuse, ...options });
  }
  return app;
}

// A proxy that routes by path may pass its prefix on or take it off; both are served.
function withoutRoot(url: string, rootPath: string): string {
  const rest = url.slice(rootPath.length);
  if (rootPath === '' || !url.startsWith(rootPath) || !/^(?:[/?]|$)/.test(rest)) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

// Content types are judged before the body is read, and its JSON by the handler: to Fastify a body is bytes.
function addBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    done(null, bytes);
  });
}

function addHooks(app: FastifyInstance, options: AppOptions): void {
  const { openRequests, service, metrics, gate } = options;
  app.addHook('onRequest', (request, reply, done) => {
    metrics.arrived(endpointOf(request));
    const signal = openRequests.add(reply.raw);
    const logAbort = () => {
      metrics.aborted();
      logAnswer(options, request, faultFrom(signal.reason).message);
    };
    signal.addEventListener('abort', logAbort, { once: true });
    reply.header('x-request-id', request.id);
    gate.check(accessOf(request), request.headers);
    if (request.is404) throw unknownRoute(request);
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (service.stopping) reply.header('connection', 'close');
    guardAnswer(reply.raw, {
      limits: options.limits,
      sizeBytes: sizeOf(payload) ?? readLength(reply.getHeader('content-length')) ?? 0,
      onCut: (problem) => {
        const message = `the client ${problem} and is cut off`;
        options.log({ level: 'info', message, requestId: request.id });
      },
    });
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    metrics.answered({
      ...endpointOf(request),
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
      requestBytes: readLength(request.headers['content-length']),
      answerBytes: readLength(reply.getHeader('content-length')),
    });
    logAnswer(options, request, `${String(reply.statusCode)} ${reply.elapsedTime.toFixed(1)} ms`);
    done();
  });
}

function endpointOf({ method, routeOptions }: FastifyRequest): Endpoint {
  return { path: routeOptions.url ?? 'unknown', method };
}

const sizeOf = (payload: unknown): number | null =>
  typeof payload === 'string' || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : null;

const readLength = (header: unknown): number | null => (header === undefined ? null : Number(header));

function accessOf({ method, routeOptions }: FastifyRequest): Access {
  if (method === 'OPTIONS') return 'open';
  return routeOptions.config.access ?? 'serve';
}

function logAnswer({ quietPaths, log }: AppOptions, request: FastifyRequest, outcome: string): void {
  const path = pathOf(request);
  if (quietPaths.some((beginning) => path.startsWith(beginning))) return;
  const message = `${request.method} ${path}: ${outcome}`;
  log({ kind: 'access', level: 'info', message, requestId: request.id });
}

interface RouteParts {
  row: RouteRow;
  handler: Handler;
  refuse: Refuse;
  service: HandlerContext['service'];
  openRequests: HandlerContext['openRequests'];
}

function addRoute(app: FastifyInstance, parts: RouteParts): void {
  const { row, handler, refuse } = parts;
  const methods = row.methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  const allow = [...methods, 'OPTIONS'].join(', ');
  const config = { access: row.access };
  const constraints = row.forBrowsers === true ? { asksFor: 'html' } : {};
  for (const url of pathsOf(row)) {
    app.route({
      constraints,
      method: methods,
      url,
      config,
      errorHandler: refuse,
      onRequest: (request, reply, done) => {
        letIn(parts, request, reply);
        done();
      },
      handler,
    });
    // The other row of these paths has the other methods.
    if (row.forBrowsers === true) continue;
    app.route({
      method: 'OPTIONS',
      url,
      handler: (_request, reply) => {
        reply.code(204).header('allow', allow).send();
      },
    });
    app.route({
      method: METHODS.filter((method) => method !== 'OPTIONS' && !methods.includes(method)),
      url,
      config,
      onRequest: (request) => {
        throw new Fault('METHOD_NOT_ALLOWED', { method: request.method, path: pathOf(request), allow });
      },
      handler: () => undefined,
    });
  }
}

/** Refuses what will not be served before its body is read. */
function letIn(
  { row, service, openRequests }: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (row.answer === null) throw new Fault('TASK_UNSUPPORTED', { task: taskOf(pathOf(request)) });
  if (row.needsModel) service.checkOpen();
  if (row.body !== null) checkBodyHeaders(request.headers);
  if (row.faults.includes('OVERLOADED')) service.checkRoom();
  if (row.faults.includes('DEADLINE')) openRequests.startClock(reply.raw);
}
