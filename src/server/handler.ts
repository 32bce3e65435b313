// What every handler is given and is: the parts of the server, and a function from a request to its answer.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from './metrics.ts';
import type { OpenRequests } from './open-requests.ts';
import type { Pages } from './pages.ts';
import type { ServerLog } from './refusal.ts';
import type { RequestLog } from './request-log.ts';
import type { PublicSettings, ServedModel } from './server-facts.ts';
import type { Service } from './service.ts';
import type { Threads } from './threads.ts';

export interface HandlerContext {
  model: ServedModel;
  settings: PublicSettings;
  service: Service;
  openRequests: OpenRequests;
  metrics: Metrics;
  threads: Threads;
  /** Within which /health_generate must see a vector. */
  healthTimeoutMs: number;
  /** Whether /health computes a vector, too. */
  provesHealth: boolean;
  requestLog: RequestLog | null;
  /** Null = there are none. */
  pages: Pages | null;
  /** What /openapi.json answers. */
  openApi: object;
  log: ServerLog;
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;
