// Handlers of what tells about the server or changes its state: health, model, settings, metrics, caches, aborting.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../faults.ts';
import { retryAfterSeconds } from './fault-answer.ts';
import type { Handler, HandlerContext } from './handler.ts';
import { parseJson } from './json-body.ts';
import { METRICS_TYPE } from './metrics.ts';
import { probeHealth } from './probe-health.ts';
import { parseAbortRequest } from './rid.ts';
import type { RouteName } from './routes.ts';
import { renderLoads, renderModelCard, renderModelInfo, renderServerInfo } from './server-facts.ts';
import type { Health, Service } from './service.ts';

type StateRoute = Extract<
  RouteName,
  | 'health'
  | 'healthGenerate'
  | 'ready'
  | 'live'
  | 'ping'
  | 'models'
  | 'model'
  | 'modelInfo'
  | 'serverInfo'
  | 'load'
  | 'metrics'
  | 'openapi'
  | 'flushCache'
  | 'abortRequest'
>;

export function makeStateHandlers(context: HandlerContext): Record<StateRoute, Handler> {
  const { service, metrics, openRequests, provesHealth } = context;
  return {
    health: async (_request, reply) =>
      answerHealth(reply, provesHealth ? await probeHealth(context) : service.health),
    healthGenerate: async (_request, reply) => answerHealth(reply, await probeHealth(context)),
    ready: (_request, reply) => answerReady(reply, service),
    live: (_request, reply) => answerLive(reply, service.failure),
    ping: (_request, reply) => reply.type('application/json; charset=utf-8').send('"qwen-embed is running"'),
    models: () => ({ object: 'list', data: [renderModelCard(context)] }),
    model: (request) => answerModel(context, request),
    modelInfo: () => renderModelInfo(context),
    serverInfo: () => renderServerInfo(context),
    load: () => renderLoads(service),
    metrics: async (_request, reply) => {
      const text = await metrics.render();
      return reply.header('content-type', METRICS_TYPE).send(text);
    },
    openapi: () => context.openApi,
    flushCache: async (_request, reply) => {
      await service.embedder.forget();
      return reply.type('text/plain; charset=utf-8').send('Cache flushed.\n');
    },
    abortRequest: (request, reply) => {
      openRequests.abort(parseAbortRequest(parseJson(request.body as Buffer | undefined)));
      return reply.send();
    },
  };
}

/** What waits for nothing: a process that will not serve again is said to be dead, so that another takes its place. */
function answerLive(reply: FastifyReply, failure: string | null): object {
  if (failure === null) return { status: 'alive' };
  reply.code(503);
  return { status: 'failed', reason: failure };
}

function answerReady(reply: FastifyReply, { health, fleet }: Service): object {
  const workers: Record<string, number> = {};
  for (const { state } of fleet.workers) workers[state] = (workers[state] ?? 0) + 1;
  const { status } = answerHealth(reply, health);
  return { status: status === 'healthy' ? 'ready' : status, workers };
}

function answerHealth(reply: FastifyReply, status: Health): { status: Health } {
  if (status !== 'healthy') {
    reply.code(503);
    if (status !== 'failed') reply.header('retry-after', String(retryAfterSeconds(503)));
  }
  return { status };
}

function answerModel(context: HandlerContext, request: FastifyRequest): object {
  const { '*': rest } = request.params as { '*': string };
  const id = rest.replace(/\/$/, '');
  if (id !== context.model.id) throw new Fault('MODEL_UNKNOWN', { model: id, served: context.model.id });
  return renderModelCard(context);
}
