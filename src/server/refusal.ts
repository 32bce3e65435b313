// The one place where an error becomes an answer: Fastify's own errors are given their row, the unlisted become BUG,
// a BUG is logged with its cause, and a sender who has gone is neither answered nor logged as a failure.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault, type FaultCode } from '../faults.ts';
import type { ConnectionLimits } from './connections.ts';
import type { Metrics } from './metrics.ts';
import { listedFault, renderFault } from './fault-answer.ts';

export interface ServerLogEntry {
  /** `access`: one line per answered HTTP request. */
  kind?: 'access';
  level: 'info' | 'warn' | 'error';
  message: string;
  /** Absent where it is about no request. */
  requestId?: string;
  /** The error behind a BUG, with its stack. */
  cause?: unknown;
}

export type ServerLog = (entry: ServerLogEntry) => void;

export interface RefusalOptions {
  /** What the route may answer. */
  faults: readonly FaultCode[];
  limits: ConnectionLimits;
  metrics: Metrics;
  log: ServerLog;
}

export type Refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

export function makeRefuse({ faults, limits, metrics, log }: RefusalOptions): Refuse {
  return (error, request, reply) => {
    if (reply.raw.destroyed || request.raw.errored !== null) {
      reply.hijack();
      return;
    }
    const fault = listedFault(translate(error, request, limits.bodyBytes), faults);
    if (fault.code === 'BUG') {
      log({ level: 'error', message: fault.message, requestId: request.id, cause: fault.cause ?? fault });
    }
    metrics.refused(fault.code);
    const { status, headers, body } = renderFault(fault);
    reply
      .code(status)
      .headers({ 'x-request-id': request.id, ...headers })
      .send(body);
  };
}

function translate(error: unknown, request: FastifyRequest, bodyLimitBytes: number): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Fault('BODY_TOO_LARGE', { limitBytes: bodyLimitBytes });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Fault('MEDIA_TYPE', { contentType: request.headers['content-type'] ?? '' });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Fault('INVALID_REQUEST', { param: null, problem: String(message) }, { cause: error });
    default:
      return error;
  }
}

export function unknownRoute(request: FastifyRequest): Fault {
  return new Fault('ROUTE_UNKNOWN', { method: request.method, path: pathOf(request) });
}

export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
