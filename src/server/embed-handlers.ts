// Handlers of the routes that answer vectors: read, embed, write, and leave a line in the log of requests.
// Knows the shapes of the answers; status codes of failures belong to the faults.

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Embeddings } from '../embedder.ts';
import { faultFrom } from '../faults.ts';
import { readRequest, writeAnswer } from './big-work.ts';
import type { EmbeddingsRequest } from './embeddings-request.ts';
import type { Frame } from './encode.ts';
import type { Handler, HandlerContext } from './handler.ts';
import type { RequestRecord } from './request-log.ts';
import { weightVersionOf } from './server-facts.ts';

/** One request on its way. */
interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
  wanted: EmbeddingsRequest;
  /** What stands around the vectors in the answer. */
  frameOf: (embeddings: Embeddings) => Frame;
}

export function makeEmbedHandlers(context: HandlerContext): Record<'embeddings' | 'encode', Handler> {
  const { model, metrics } = context;
  const warnOfTokenIds = makeTokenIdWarning(context);
  const answer = async (exchange: Exchange): Promise<FastifyReply> => {
    const { request, reply, wanted } = exchange;
    if (typeof wanted.inputs[0] !== 'string') warnOfTokenIds(request.id);
    context.openRequests.name(reply.raw, [request.id, ...wanted.rids]);
    return sendPieces(reply, await embedAndLog(context, exchange));
  };
  return {
    embeddings: (request, reply) =>
      metrics.whileOpen(async () => {
        const wanted = await renderConversation(context, await readAs('parse', context, request));
        return answer({ request, reply, wanted, frameOf: () => ({ shape: 'openai', modelId: model.id }) });
      }),
    encode: (request, reply) =>
      metrics.whileOpen(async () => {
        const { isList, ...wanted } = await readAs('parseEncode', context, request);
        const frameOf = (embeddings: Embeddings): Frame => ({
          shape: 'sglang',
          isList,
          metaInfo: renderMetaInfo(context, { request, reply, wanted, embeddings, isList }),
        });
        return answer({ request, reply, wanted, frameOf });
      }),
  };
}

async function readAs<Job extends 'parse' | 'parseEncode'>(
  job: Job,
  { service, metrics, threads }: HandlerContext,
  request: FastifyRequest,
) {
  const bytes = request.body as Buffer | undefined;
  const { model } = service.embedder;
  const { value, seconds } = await readRequest(threads, job, { bytes, model, rules: service.rules });
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

async function embedAndLog(context: HandlerContext, exchange: Exchange): Promise<Uint8Array[]> {
  const { requestLog } = context;
  if (requestLog === null) return (await embedAndEncode(context, exchange)).pieces;
  const outcome: Pick<RequestRecord, 'fault' | 'tokens'> = { fault: null, tokens: null };
  try {
    const { pieces, tokens } = await embedAndEncode(context, exchange);
    outcome.tokens = tokens;
    return pieces;
  } catch (error) {
    outcome.fault = faultFrom(error).code;
    throw error;
  } finally {
    requestLog.write({ ...recordOf(exchange), ...outcome });
  }
}

function recordOf({ request, reply, wanted }: Exchange): Omit<RequestRecord, 'fault' | 'tokens'> {
  const { inputs, rids, dimensions, longText, encodingFormat } = wanted;
  return {
    requestId: rids[0] ?? request.id,
    path: request.routeOptions.url ?? '',
    inputs: inputs.length,
    seconds: reply.elapsedTime / 1000,
    options: { dimensions, longText, encodingFormat },
    texts: inputs,
  };
}

async function embedAndEncode(
  { service, openRequests, metrics, threads }: HandlerContext,
  { request, reply, wanted, frameOf }: Exchange,
): Promise<{ pieces: Uint8Array[]; tokens: number }> {
  const { inputs, dimensions, longText, priority, encodingFormat } = wanted;
  const signal = openRequests.signalOf(reply.raw);
  try {
    const startMs = performance.now();
    const named = { requestId: request.id, signal };
    const options = { dimensions, priority, ...named, ...(longText === null ? {} : { longText }) };
    const embeddings = await service.embedder.embed(inputs, options);
    metrics.spent('embed', (performance.now() - startMs) / 1000);
    if (longText?.way === 'cut') reply.header('x-truncated-inputs', String(embeddings.cutCount));
    const shape = { frame: frameOf(embeddings), encodingFormat };
    const { value, seconds } = await writeAnswer(threads, embeddings, shape);
    metrics.spent('encode', seconds);
    const tokens = embeddings.tokenCounts.reduce((sum, count) => sum + count, 0);
    const { headers } = reply.request;
    metrics.embedded({ inputs: inputs.length, tokens, seconds: reply.elapsedTime / 1000, headers });
    return { pieces: value, tokens };
  } catch (error) {
    // The reason of the abort says more than the embedder's CANCELLED.
    signal.throwIfAborted();
    throw error;
  }
}

/** What SGLang tells about each vector, as JSON. */
function renderMetaInfo(
  { settings }: HandlerContext,
  {
    request,
    reply,
    wanted,
    embeddings,
    isList,
  }: Omit<Exchange, 'frameOf'> & {
    embeddings: Embeddings;
    isList: boolean;
  },
): string[] {
  const shared = {
    finish_reason: null,
    weight_version: weightVersionOf(settings),
    num_retractions: 0,
    e2e_latency: reply.elapsedTime / 1000,
  };
  return Array.from(embeddings.tokenCounts, (tokens, index) => {
    const own = isList ? `${request.id}-${String(index)}` : request.id;
    return JSON.stringify({ id: wanted.rids[index] ?? own, prompt_tokens: tokens, ...shared });
  });
}

/** Up to here copying costs less than a stream does. */
const ONE_PIECE_BYTES = 64 * 1024;

function sendPieces(reply: FastifyReply, pieces: readonly Uint8Array[]): FastifyReply {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('content-length', sizeBytes)
    .send(
      sizeBytes <= ONE_PIECE_BYTES ? Buffer.concat(pieces) : Readable.from(pieces, { objectMode: false }),
    );
}

// LangChain tokenises for OpenAI's models by default and sends those ids; nothing in the ids shows it.
function makeTokenIdWarning({ log }: HandlerContext): (requestId: string) => void {
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
