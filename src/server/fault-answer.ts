// A fault as an HTTP answer in OpenAI's shape: status, headers, body. Pure.
// Clients obey two headers: `retry-after` where waiting helps, `x-should-retry: false` where a 5xx is permanent.

import { Fault, type FaultCode, faultFrom } from '../faults.ts';

export interface FaultAnswer {
  status: number;
  headers: Record<string, string>;
  body: {
    error: { message: string; type: string; param: string | null; code: string };
    hint: string;
  };
}

export function renderFault(fault: Fault): FaultAnswer {
  const { status, message, param, wireCode: code, hint } = fault;
  return {
    status,
    headers: headersOf(fault),
    body: { error: { message, type: typeOf(status), param, code }, hint },
  };
}

/** The fault to answer: BUG in place of one that the route's row does not list. */
export function listedFault(error: unknown, listed: readonly FaultCode[]): Fault {
  const fault = faultFrom(error);
  if (fault.code === 'BUG' || listed.includes(fault.code)) return fault;
  return new Fault('BUG', { problem: `${fault.code} is not a fault of this route` }, { cause: fault });
}

/** OpenAI's clients obey up to 60 seconds. Loading takes long, so the wait is longer than for a full queue. */
export function retryAfterSeconds(status: number): number | null {
  if (status === 429) return 1;
  return status === 503 ? 5 : null;
}

function headersOf(fault: Fault): Record<string, string> {
  const headers: Record<string, string> = {};
  const seconds = retryAfterSeconds(fault.status);
  if (seconds !== null && fault.retry) headers['retry-after'] = String(seconds);
  if (fault.status >= 500 && !fault.retry) headers['x-should-retry'] = 'false';
  if (fault.code === 'UNAUTHORIZED') headers['www-authenticate'] = 'Bearer';
  if (fault.code === 'METHOD_NOT_ALLOWED') {
    headers['allow'] = (fault as Fault<'METHOD_NOT_ALLOWED'>).params.allow;
  }
  return headers;
}

function typeOf(status: number): string {
  if (status >= 500) return 'server_error';
  return status === 429 ? 'rate_limit_error' : 'invalid_request_error';
}
