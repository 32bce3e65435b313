// Fastify built from the table of routes: its settings, its hooks, and each row's path, methods and handler.
// Order for a request: id, count of open requests, 404 or 405, readiness, content type, body, handler.

import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { Fault, faultFrom } from '../faults.ts';
import { type Handler, type HandlerContext, makeHandlers } from './handlers.ts';
import { checkContentType } from './json-body.ts';
import type { Endpoint } from './metrics.ts';
import { makeRefuse, pathOf, type Refuse, refuseMalformed, type ServerLog, unknownRoute } from './refusal.ts';
import { requestIdFrom } from './request-id.ts';
import { FAULTS_OF_NO_ROUTE, pathsOf, type RouteName, ROUTES, type RouteRow } from './routes.ts';

export interface AppOptions extends HandlerContext {
  bodyLimitBytes: number;
  exposesMetrics: boolean;
  log: ServerLog;
}

// Node's own default; Fastify's is none, and a body that trickles in would hold its memory for good.
const REQUEST_TIMEOUT_MS = 300_000;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

export function buildApp(options: AppOptions): FastifyInstance {
  const refuse = makeRefuse({ ...options, faults: FAULTS_OF_NO_ROUTE });
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Refusals while stopping are ours: they carry the fault's body and let /health say so.
    return503OnClosing: false,
    genReqId: (raw) => requestIdFrom(raw.headers['x-request-id']),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (_error, request, reply) => {
      refuse(unknownRoute(request), request, reply);
    },
  });
  addBodyParser(app);
  addHooks(app, options);
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) => {
    refuse(unknownRoute(request), request, reply);
  });
  const handlers = makeHandlers(options);
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const row: RouteRow = ROUTES[name];
    if (row.onlyWith === 'metrics' && !options.exposesMetrics) continue;
    const rowRefuse = makeRefuse({ ...options, faults: row.faults });
    addRoute(app, { row, handler: handlers[name], refuse: rowRefuse, service: options.service });
  }
  return app;
}

// Content types are judged before the body is read, and its JSON by the handler: to Fastify a body is bytes.
function addBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    done(null, bytes);
  });
}

function addHooks(app: FastifyInstance, { openRequests, service, metrics, log }: AppOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    metrics.arrived(endpointOf(request));
    const signal = openRequests.add(reply.raw);
    const logAbort = () => {
      metrics.aborted();
      logAnswer(log, request, faultFrom(signal.reason).message);
    };
    signal.addEventListener('abort', logAbort, { once: true });
    reply.header('x-request-id', request.id);
    if (request.is404) throw unknownRoute(request);
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (service.stopping) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    metrics.answered(endpointOf(request), reply.statusCode);
    logAnswer(log, request, `${String(reply.statusCode)} ${reply.elapsedTime.toFixed(1)} ms`);
    done();
  });
}

function endpointOf({ method, routeOptions }: FastifyRequest): Endpoint {
  return { path: routeOptions.url ?? 'unknown', method };
}

function logAnswer(log: ServerLog, request: FastifyRequest, outcome: string): void {
  log({ level: 'info', message: `${request.method} ${pathOf(request)}: ${outcome}`, requestId: request.id });
}

interface RouteParts {
  row: RouteRow;
  handler: Handler;
  refuse: Refuse;
  service: HandlerContext['service'];
}

function addRoute(app: FastifyInstance, { row, handler, refuse, service }: RouteParts): void {
  const methods = row.method === 'GET' ? ['GET', 'HEAD'] : [row.method];
  const allow = [...methods, 'OPTIONS'].join(', ');
  for (const url of pathsOf(row)) {
    app.route({
      method: methods,
      url,
      errorHandler: refuse,
      onRequest: (request, _reply, done) => {
        if (row.needsModel) service.checkOpen();
        if (row.body !== null) checkContentType(request.headers['content-type']);
        done();
      },
      handler,
    });
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
      onRequest: (request) => {
        throw new Fault('METHOD_NOT_ALLOWED', { method: request.method, path: pathOf(request), allow });
      },
      handler: () => undefined,
    });
  }
}
