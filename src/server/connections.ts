// Owns how long and how much a connection may ask of the server without giving anything: a head or a body that trickles
// in, an answer that is not read, silence between requests. Node enforces what comes in, this file what goes out.

import type { ServerOptions as HttpOptions, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

export interface ConnectionLimits {
  /** From the connection's first moment to the end of a request's head; of a TLS handshake too. */
  headMs: number;
  /** From the same moment to the end of its body. */
  requestMs: number;
  /** How long a client may take no byte of its answer. */
  stallMs: number;
  /** What a client must take of its answer on the whole, beyond the first `stallMs`; 0 = any will do. */
  answerBytesPerSecond: number;
  /** How long a connection may stay open between requests. */
  idleMs: number;
  headBytes: number;
  bodyBytes: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headMs: 60_000,
  requestMs: 300_000,
  stallMs: 60_000,
  // 64 kbit/s, a telephone line.
  answerBytesPerSecond: 8192,
  // Longer than clients and proxies keep idle connections, so that it is not the server that closes one in use.
  idleMs: 72_000,
  headBytes: 16_384,
  // 2,048 inputs of 32 KB each: ten times an ordinary document chunk.
  bodyBytes: 64 * 1024 * 1024,
};

/** Node looks at its connections this often, or more often where a limit is shorter. */
const LONGEST_CHECK_MS = 5000;

/** What Node's servers take for these limits, HTTPS or not. */
export function nodeLimits({
  headMs,
  requestMs,
  headBytes,
}: ConnectionLimits): HttpOptions & { handshakeTimeout: number } {
  const headersTimeout = Math.min(headMs, requestMs);
  return {
    headersTimeout,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(LONGEST_CHECK_MS, Math.ceil(headersTimeout / 2)),
    maxHeaderSize: headBytes,
    handshakeTimeout: headersTimeout,
  };
}

/** How long a client may take for a whole answer; null = for ever. */
export function planAnswerMs(
  sizeBytes: number,
  { stallMs, answerBytesPerSecond }: Pick<ConnectionLimits, 'stallMs' | 'answerBytesPerSecond'>,
): number | null {
  if (answerBytesPerSecond === 0) return null;
  return Math.min(stallMs + (1000 * sizeBytes) / answerBytesPerSecond, LONGEST_TIMER_MS);
}

/** What timers can count. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Guard {
  limits: ConnectionLimits;
  sizeBytes: number;
  /** Told with what the client did not do. */
  onCut: (problem: string) => void;
}

/**
 * Ends the connection of a client that does not read what is being sent: that takes nothing for a while, where each byte
 * begins the time anew, or too little on the whole.
 */
export function guardAnswer(response: ServerResponse, { limits, sizeBytes, onCut }: Guard): void {
  if (!(response.socket instanceof Socket)) return; // a request that was injected, not sent
  const cut = (problem: string): void => {
    onCut(problem);
    response.destroy();
  };
  // When the answer has ended, Node puts its time for idle connections in the place of this one.
  response.setTimeout(limits.stallMs, () => {
    cut(`has read nothing of its answer for ${String(limits.stallMs / 1000)} s`);
  });
  const answerMs = planAnswerMs(sizeBytes, limits);
  if (answerMs === null) return;
  const rate = String(limits.answerBytesPerSecond);
  const timer = setTimeout(() => {
    cut(`takes less than ${rate} bytes of its answer a second`);
  }, answerMs);
  response.once('close', () => {
    clearTimeout(timer);
  });
}
