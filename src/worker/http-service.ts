// The worker's HTTP side: one Embedder, each of its methods a path, on a unix socket (or a named pipe).
// Many requests are answered at once; the Embedder decides what is computed together. A caller that hangs up
// aborts its request. Knows nothing of processes, models or who calls.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { EmbedOptions, Embedder } from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import {
  decodeEmbedRequest,
  EMBED_PATH,
  encodeEmbedResponse,
  encodeReady,
  READY_PATH,
  type EmbedRequest,
} from './protocol.ts';
import { malformed } from './distrust.ts';
import { inTurns } from './steps.ts';
import { encodeProfile, PROFILE_PATH } from './profile-message.ts';
import {
  decodeDetokeniseRequest,
  decodeTokeniseRequest,
  DETOKENISE_PATH,
  FORGET_PATH,
  TOKENISE_PATH,
} from './question-messages.ts';

/** A whole 2,048-input request of 32k-token texts is about 250 MB. */
const MAX_BODY_BYTES = 512 * 1024 * 1024;
/** Waiting connections; the kernel lowers it to its own limit. */
const BACKLOG = 1024;

export interface ServiceOptions {
  socketPath: string;
  embedder: Embedder;
  maxBodyBytes?: number;
}

export interface HttpService {
  /** Takes no more connections; resolves when the last request has its answer. */
  drain(): Promise<void>;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  embedder: Embedder;
  maxBodyBytes: number;
}

export async function openHttpService(options: ServiceOptions): Promise<HttpService> {
  const { socketPath, embedder, maxBodyBytes = MAX_BODY_BYTES } = options;
  const exchanges = new Set<ServerResponse>();
  let onEmpty: (() => void) | null = null;
  // The pool decides how long a request may take and when an idle connection goes.
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 },
    (request, response) => {
      exchanges.add(response);
      response.once('close', () => {
        exchanges.delete(response);
        if (exchanges.size === 0) onEmpty?.();
      });
      const exchange = { request, response, embedder, maxBodyBytes };
      answer(exchange).catch((error: unknown) => {
        sendFault(exchange, faultFrom(error));
      });
    },
  );
  await listen(server, socketPath);
  return {
    drain: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      if (exchanges.size > 0) await new Promise<void>((resolve) => (onEmpty = resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Fault('FILE_UNWRITABLE', { path: socketPath, problem: cause.message }, { cause }));
    });
    server.listen({ path: socketPath, backlog: BACKLOG }, resolve);
  });
}

type Answerer = (exchange: Exchange) => Promise<void> | void;

/** By method and path. */
const ANSWERERS: Record<string, Answerer> = {
  [`GET ${READY_PATH}`]: ({ response, embedder }) => {
    sendJson(response, encodeReady(embedder.model));
  },
  [`GET ${PROFILE_PATH}`]: async ({ response, embedder }) => {
    sendJson(response, encodeProfile(await embedder.profile()));
  },
  [`POST ${EMBED_PATH}`]: answerEmbed,
  [`POST ${TOKENISE_PATH}`]: async (exchange) => {
    const { texts, special } = decodeTokeniseRequest(await readText(exchange));
    sendJson(exchange.response, JSON.stringify(await exchange.embedder.tokenise(texts, { special })));
  },
  [`POST ${DETOKENISE_PATH}`]: async (exchange) => {
    const { idLists, special } = decodeDetokeniseRequest(await readText(exchange));
    sendJson(exchange.response, JSON.stringify(await exchange.embedder.detokenise(idLists, { special })));
  },
  [`POST ${FORGET_PATH}`]: async ({ response, embedder }) => {
    await embedder.forget();
    sendJson(response, 'null');
  },
};

async function answer(exchange: Exchange): Promise<void> {
  const { method = '', url = '' } = exchange.request;
  const answerer = ANSWERERS[`${method} ${url}`];
  if (answerer === undefined) throw new Fault('ROUTE_UNKNOWN', { method, path: url });
  await answerer(exchange);
}

async function answerEmbed({ request, response, embedder, maxBodyBytes }: Exchange): Promise<void> {
  const caller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) caller.abort();
  });
  const wanted = await inTurns(decodeEmbedRequest(await readBody(request, maxBodyBytes)));
  const embeddings = await embedder.embed(wanted.inputs, embedOptions(wanted, caller.signal));
  send(response, {
    status: 200,
    type: 'application/octet-stream',
    chunks: encodeEmbedResponse(embeddings),
  });
}

async function readText({ request, maxBodyBytes }: Exchange): Promise<string> {
  return (await readBody(request, maxBodyBytes)).toString('utf8');
}

function embedOptions(
  { dimensions, longText, priority, requestId }: EmbedRequest,
  signal: AbortSignal,
): EmbedOptions {
  return {
    signal,
    priority,
    ...(dimensions === null ? {} : { dimensions }),
    ...(longText === null ? {} : { longText }),
    ...(requestId === null ? {} : { requestId }),
  };
}

// By events: an iterator over the stream costs more than all else here does for a short text.
function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sizeBytes = Number(request.headers['content-length']);
    if (Number.isNaN(sizeBytes)) throw malformed('a request does not say its length');
    if (sizeBytes > limitBytes) throw new Fault('BODY_TOO_LARGE', { limitBytes });
    // Where it stays: joining pieces of 64 MB at once takes 40 ms.
    let body: Buffer | null = null;
    let at = 0;
    request.on('data', (chunk: Buffer) => {
      if (chunk.length === sizeBytes) body = chunk;
      else chunk.copy((body ??= Buffer.allocUnsafe(sizeBytes)), at);
      at += chunk.length;
    });
    request.once('error', reject);
    request.once('end', () => {
      resolve(body ?? Buffer.alloc(0));
    });
  });
}

interface Answer {
  status: number;
  type: string;
  chunks: readonly (Buffer | string)[];
}

function send(response: ServerResponse, { status, type, chunks }: Answer): void {
  if (response.destroyed) return;
  const sizeBytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);
  response.writeHead(status, { 'content-type': type, 'content-length': sizeBytes });
  response.cork();
  for (const chunk of chunks) response.write(chunk);
  response.uncork();
  response.end();
}

function sendJson(response: ServerResponse, json: string): void {
  send(response, { status: 200, type: 'application/json', chunks: [json] });
}

// A body that was not read to its end cannot be followed by another request on the same connection.
function sendFault({ request, response }: Exchange, fault: Fault): void {
  if (!request.complete) response.shouldKeepAlive = false;
  send(response, {
    status: fault.status,
    type: 'application/json',
    chunks: [JSON.stringify(fault.toWire())],
  });
}
