// Answers what never became a request: bytes that are no HTTP, a head that is too large, one that came too slowly. Node has
// only the socket to answer on, so the answer is written by hand.

import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { Fault } from '../faults.ts';
import type { ConnectionLimits } from './connections.ts';
import { renderFault } from './fault-answer.ts';
import type { Metrics } from './metrics.ts';
import { requestIdFrom } from './request-id.ts';

type ClientError = Error & { code?: string };

export function makeRefuseMalformed({ limits, metrics }: { limits: ConnectionLimits; metrics: Metrics }) {
  return (error: ClientError, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const fault = faultOf(error, limits);
    metrics.refused(fault.code);
    // A client that reads nothing would keep a socket half open that is only ended.
    socket.end(renderAnswer(fault), () => {
      socket.destroySoon();
    });
  };
}

function faultOf({ code, message }: ClientError, { headBytes, requestMs }: ConnectionLimits): Fault {
  if (code === 'HPE_HEADER_OVERFLOW') return new Fault('HEAD_TOO_LARGE', { limitBytes: headBytes });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Fault('TOO_SLOW', { seconds: requestMs / 1000 });
  const problem = `the HTTP request is malformed or incomplete (${code ?? message})`;
  return new Fault('INVALID_REQUEST', { param: null, problem });
}

function renderAnswer(fault: Fault): string {
  const { status, headers, body } = renderFault(fault);
  const text = JSON.stringify(body);
  const lines = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': requestIdFrom(undefined),
    connection: 'close',
    ...headers,
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`, ...head, '', text].join('\r\n');
}
