// Handlers of the routes between texts and token ids.

import type { FastifyRequest } from 'fastify';
import { readRequest } from './big-work.ts';
import type { Handler, HandlerContext } from './handler.ts';
import type { ParseInput } from './jobs.ts';

export function makeTokenHandlers(context: HandlerContext): Record<'tokenize' | 'detokenize', Handler> {
  const { threads } = context;
  return {
    tokenize: async (request) => {
      const input = inputOf(context, request);
      const { value } = await readRequest(threads, 'parseTokenize', input);
      const { texts, special, isList } = value;
      const lists = await context.service.embedder.tokenise(texts, { special });
      const counts = lists.map((ids) => ids.length);
      return {
        tokens: isList ? lists : (lists[0] ?? []),
        count: isList ? counts : (counts[0] ?? 0),
        max_model_len: input.model.contextTokens,
      };
    },
    detokenize: async (request) => {
      const { value } = await readRequest(threads, 'parseDetokenize', inputOf(context, request));
      const { idLists, special, isList } = value;
      const texts = await context.service.embedder.detokenise(idLists, { special });
      return { text: isList ? texts : (texts[0] ?? '') };
    },
  };
}

function inputOf({ service }: HandlerContext, request: FastifyRequest): ParseInput {
  return {
    bytes: request.body as Buffer | undefined,
    model: service.embedder.model,
    rules: service.rules,
  };
}
