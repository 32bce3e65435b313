// Owns the built pages for browsers: read once into memory, a few small files; answered with headers that let them load
// nothing from elsewhere. Knows nothing of what is on them; their source is src/page.

import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../faults.ts';
import type { Handler } from './handler.ts';
import { pathOf } from './refusal.ts';

const FOLDER = fileURLToPath(new URL('../../page/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

const SAFE_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

// Names of assets hold a digest of their content.
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** Content by name, such as `index.html` and `assets/page-1a2b.js`. */
export type Pages = ReadonlyMap<string, Buffer>;

/** Null where nothing was built, as in a checkout that was only compiled. */
export function readPages(folder = FOLDER): Pages | null {
  try {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => extname(name) in TYPES,
    );
    return new Map(files.map((name) => [name.replaceAll('\\', '/'), readFileSync(join(folder, name))]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Fault('FILE_UNREADABLE', { path: folder, problem: (error as Error).message }, { cause: error });
  }
}

export function makePageHandlers(pages: Pages | null): Record<'page' | 'docs' | 'pageFile', Handler> {
  return {
    page: (request, reply) => answerDocument({ request, reply, pages, name: 'index.html' }),
    docs: (request, reply) => answerDocument({ request, reply, pages, name: 'docs.html' }),
    pageFile: (request, reply) => {
      const { '*': rest } = request.params as { '*': string };
      return answerFile({ request, reply, pages, name: `assets/${rest}` }, FOR_GOOD);
    },
  };
}

interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
  pages: Pages | null;
  name: string;
}

// Documents name their assets and the API relative to themselves, so that any prefix of a proxy will do; a path with the
// wrong slash at its end is therefore sent to the right one, relative too.
function answerDocument(exchange: Exchange): FastifyReply {
  const { request, reply, name } = exchange;
  const path = request.originalUrl.split('?', 1)[0] ?? '';
  const wantsSlash = name === 'index.html';
  if (path.endsWith('/') !== wantsSlash) {
    const last = path.split('/').filter(Boolean).at(-1) ?? '';
    return reply.redirect(wantsSlash ? `./${last}/` : `../${last}`, 308);
  }
  return answerFile(exchange, 'no-cache');
}

function answerFile({ request, reply, pages, name }: Exchange, cacheControl: string): FastifyReply {
  const content = pages?.get(name);
  if (content === undefined)
    throw new Fault('ROUTE_UNKNOWN', { method: request.method, path: pathOf(request) });
  return reply
    .headers({ ...SAFE_HEADERS, 'cache-control': cacheControl, vary: 'accept' })
    .type(TYPES[extname(name)] ?? 'application/octet-stream')
    .send(content);
}
