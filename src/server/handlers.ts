// What each route of the table does with a request that was let in.
// Knows the service and the shapes of the answers; status codes of failures belong to the faults.

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../faults.ts';
import { readRequest, writeAnswer } from './big-work.ts';
import type { EmbeddingsRequest } from './embeddings-request.ts';
import { retryAfterSeconds } from './fault-answer.ts';
import { METRICS_TYPE, type Metrics } from './metrics.ts';
import type { OpenRequests } from './open-requests.ts';
import type { ServerLog } from './refusal.ts';
import type { RouteName } from './routes.ts';
import type { Service } from './service.ts';
import type { Threads } from './threads.ts';

export interface ServedModel {
  /** The name in /v1/models and in every answer. */
  id: string;
  createdUnixSeconds: number;
}

export interface HandlerContext {
  model: ServedModel;
  service: Service;
  openRequests: OpenRequests;
  metrics: Metrics;
  threads: Threads;
  log: ServerLog;
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export function makeHandlers(context: HandlerContext): Record<RouteName, Handler> {
  const warnOfTokenIds = makeTokenIdWarning(context.log);
  return {
    health: (_request, reply) => answerHealth(context, reply),
    models: () => ({ object: 'list', data: [renderModelCard(context)] }),
    model: (request) => answerModel(context, request),
    metrics: async (_request, reply) => {
      const text = await context.metrics.render();
      return reply.header('content-type', METRICS_TYPE).send(text);
    },
    embeddings: (request, reply) =>
      context.metrics.whileOpen(async () => {
        const wanted = await renderConversation(context, await readEmbeddingsRequest(context, request));
        if (typeof wanted.inputs[0] !== 'string') warnOfTokenIds(request.id);
        return sendPieces(reply, await embedAndEncode(context, wanted, reply));
      }),
  };
}

function answerHealth({ service }: HandlerContext, reply: FastifyReply): object {
  const status = service.health;
  if (status !== 'healthy') {
    reply.code(503).header('retry-after', String(retryAfterSeconds(503)));
  }
  return { status };
}

function answerModel(context: HandlerContext, request: FastifyRequest): object {
  const { '*': rest } = request.params as { '*': string };
  const id = rest.replace(/\/$/, '');
  if (id !== context.model.id) throw new Fault('MODEL_UNKNOWN', { model: id, served: context.model.id });
  return renderModelCard(context);
}

// `max_model_len` is SGLang's and vLLM's word for the longest input; clients of both read it.
function renderModelCard({ model, service }: HandlerContext): object {
  const card = { id: model.id, object: 'model', created: model.createdUnixSeconds, owned_by: 'qwen-embed' };
  const { contextTokens } = service;
  return contextTokens === null ? card : { ...card, max_model_len: contextTokens };
}

async function readEmbeddingsRequest(
  { service, metrics, threads }: HandlerContext,
  request: FastifyRequest,
): Promise<EmbeddingsRequest> {
  const bytes = request.body as Buffer | undefined;
  const { value, seconds } = await readRequest(threads, {
    bytes,
    model: service.embedder.model,
    rules: service.rules,
  });
  metrics.spent('parse', seconds);
  return value;
}

async function renderConversation(
  { service }: HandlerContext,
  wanted: EmbeddingsRequest,
): Promise<EmbeddingsRequest> {
  const { conversation } = wanted;
  return conversation === null
    ? wanted
    : { ...wanted, inputs: [await service.chatTemplate.render(conversation)] };
}

async function embedAndEncode(
  { service, openRequests, metrics, threads, model }: HandlerContext,
  { inputs, dimensions, longText, encodingFormat }: EmbeddingsRequest,
  reply: FastifyReply,
): Promise<Uint8Array[]> {
  const signal = openRequests.signalOf(reply.raw);
  try {
    const options = { dimensions, signal, ...(longText === null ? {} : { longText }) };
    const embeddings = await service.embedder.embed(inputs, options);
    if (longText?.way === 'cut') reply.header('x-truncated-inputs', String(embeddings.cutCount));
    const { value, seconds } = await writeAnswer(threads, embeddings, { modelId: model.id, encodingFormat });
    metrics.spent('encode', seconds);
    const tokens = embeddings.tokenCounts.reduce((sum, count) => sum + count, 0);
    metrics.embedded({ inputs: inputs.length, tokens, seconds: reply.elapsedTime / 1000 });
    return value;
  } catch (error) {
    // The reason of the abort says more than the embedder's CANCELLED.
    signal.throwIfAborted();
    throw error;
  }
}

function sendPieces(reply: FastifyReply, pieces: readonly Uint8Array[]): FastifyReply {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('content-length', sizeBytes)
    .send(Readable.from(pieces, { objectMode: false }));
}

// LangChain tokenises for OpenAI's models by default and sends those ids; nothing in the ids shows it.
function makeTokenIdWarning(log: ServerLog): (requestId: string) => void {
  let warned = false;
  return (requestId) => {
    if (warned) return;
    warned = true;
    const message =
      "a client sends token ids, which are read as this model's own; LangChain's OpenAIEmbeddings sends " +
      'those of another tokenizer unless it has check_embedding_ctx_length=False';
    log({ level: 'warn', message, requestId });
  };
}
