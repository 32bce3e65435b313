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
  /** How long a connection may stay open between requests. */
  idleMs: number;
  headBytes: number;
  bodyBytes: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headMs: 60_000,
  requestMs: 300_000,
  stallMs: 60_000,
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

/** Ends the connection of a client that does not read what is being sent. Each byte that it takes begins the time anew. */
export function guardAnswer(
  response: ServerResponse,
  { stallMs }: ConnectionLimits,
  onStall: () => void,
): void {
  if (!(response.socket instanceof Socket)) return; // a request that was injected, not sent
  // When the answer has ended, Node puts its time for idle connections in the place of this one.
  response.setTimeout(stallMs, () => {
    onStall();
    response.destroy();
  });
}
