// What each route of the table does with a request that was let in: gathered from the files by kind of route.

import { makeEmbedHandlers } from './embed-handlers.ts';
import type { Handler, HandlerContext } from './handler.ts';
import { makePageHandlers } from './pages.ts';
import type { RouteName } from './routes.ts';
import { makeStateHandlers } from './state-handlers.ts';
import { makeTokenHandlers } from './token-handlers.ts';

/** A row without an answer has no handler. */
export function makeHandlers(context: HandlerContext): Record<Exclude<RouteName, 'otherTasks'>, Handler> {
  return {
    ...makeEmbedHandlers(context),
    ...makeTokenHandlers(context),
    ...makeStateHandlers(context),
    ...makePageHandlers(context.pages),
  };
}
