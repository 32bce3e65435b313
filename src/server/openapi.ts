// The API as an OpenAPI 3.1 document, from the table of routes and the table of faults, which docs/http.md comes from
// too. Pure; pages for browsers are no part of the API.

import { retryAfterSeconds } from './fault-answer.ts';
import { namesOf, pathsOf, refusalsOf, type RouteGroup, type RouteRow } from './route-row.ts';
import type { JsonSchema } from './schemas.ts';

type Part = Readonly<Record<string, unknown>>;

export interface OpenApiFacts {
  rows: readonly (readonly [name: string, row: RouteRow])[];
  version: string;
  /** Below which the routes answer: "" or "/prefix". */
  rootPath: string;
}

const TAGS: Record<Exclude<RouteGroup, 'pages'>, string> = {
  embeddings: 'Texts in, vectors out',
  tokens: "The model's tokenizer",
  models: 'What is served',
  state: 'How the server is',
  management: 'What changes its state',
  'other tasks': 'What other kinds of models do: refused in words',
};

const DESCRIPTION = `Embeddings of the Qwen3-Embedding models. Paths answer with and without a slash at the end; unknown \
fields of a body are let be, \`null\` counts as absent. Every answer has \`x-request-id\`, the sender's own where it sent \
one. Keys are asked for only if the server was launched with \`--api-key\` or \`--admin-api-key\`.`;

const SECURITY_SCHEMES: Part = {
  bearer: { type: 'http', scheme: 'bearer' },
  header: { type: 'apiKey', in: 'header', name: 'x-api-key' },
};

const ERROR: JsonSchema = {
  type: 'object',
  required: ['error', 'hint'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string', description: 'What is wrong, with the value and the limit' },
        type: { enum: ['invalid_request_error', 'rate_limit_error', 'server_error'] },
        param: { type: ['string', 'null'], description: 'The field at fault' },
        code: { type: 'string' },
      },
    },
    hint: { type: 'string', description: 'What to do next' },
  },
};

const RETRY_AFTER: Part = { description: 'Seconds to wait before the next try', schema: { type: 'integer' } };

export function renderOpenApi({ rows, version, rootPath }: OpenApiFacts): Part {
  const api = rows.filter(([, { group }]) => group !== 'pages');
  return {
    openapi: '3.1.0',
    info: {
      title: 'qwen-embed',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: rootPath === '' ? '/' : rootPath }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(api.flatMap(([name, row]) => renderPaths(name, row))),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: { Error: ERROR },
      headers: { RetryAfter: RETRY_AFTER },
    },
  };
}

// Paths of a row that answers are names of one thing, of which the first is to be used; those of one that only refuses
// are things of their own.
function renderPaths(name: string, row: RouteRow): [path: string, item: Part][] {
  const [first = '', ...others] = pathsOf(row);
  if (row.answer !== null) return [renderPath(first, { name, row, also: others })];
  return row.paths.map((path) => {
    const own = `${name}${path.replaceAll('/', '_')}`;
    return renderPath(path, { name: own, row, also: namesOf(path).slice(1) });
  });
}

interface Operation {
  name: string;
  row: RouteRow;
  /** Other paths of the same. */
  also: readonly string[];
}

function renderPath(path: string, operation: Operation): [path: string, item: Part] {
  const operations = operation.row.methods.map((method, index) => [
    method.toLowerCase(),
    renderOperation({ ...operation, name: index === 0 ? operation.name : `${operation.name}By${method}` }),
  ]);
  const parameters = path.endsWith('*') ? { parameters: [MODEL_PARAMETER] } : {};
  return [path.replace('*', '{model}'), { ...parameters, ...Object.fromEntries(operations) }];
}

const MODEL_PARAMETER: Part = {
  name: 'model',
  in: 'path',
  required: true,
  description: "The model's id; slashes in it may stand as they are",
  schema: { type: 'string' },
};

function renderOperation({ name, row, also }: Operation): Part {
  const { group, summary, access, body, answer } = row;
  const names = also.map((path) => `\`${path.replace('*', '{model}')}\``).join(', ');
  const orStatus = answer?.orStatus;
  return {
    operationId: name,
    tags: [group],
    summary,
    ...(names === '' ? {} : { description: `Also at ${names}.` }),
    security: access === 'open' ? [] : [{}, ...Object.keys(SECURITY_SCHEMES).map((key) => ({ [key]: [] }))],
    ...(body === null ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: Object.fromEntries([
      ...(answer === null ? [] : [['200', { description: 'The answer', ...shapeOf(answer.schema) }]]),
      ...(answer === null || orStatus === undefined
        ? []
        : [[String(orStatus), { description: 'The answer is no', ...shapeOf(answer.schema) }]]),
      ...refusalsOf(row).map(([status, codes]) => [String(status), renderRefusal(status, codes)]),
    ]),
  };
}

const shapeOf = (schema: JsonSchema): Part =>
  schema['maxLength'] === 0 ? {} : { content: contentOf(schema) };

// A text that names its media type is sent as that; everything else is JSON.
function contentOf(schema: JsonSchema): Part {
  const { contentMediaType: type = 'application/json' } = schema;
  return { [type as string]: { schema } };
}

function renderRefusal(status: number, codes: readonly string[]): Part {
  const code = { properties: { error: { properties: { code: { enum: codes } } } } };
  return {
    description: codes.join(', '),
    ...(retryAfterSeconds(status) === null
      ? {}
      : { headers: { 'retry-after': { $ref: '#/components/headers/RetryAfter' } } }),
    content: { 'application/json': { schema: { allOf: [{ $ref: '#/components/schemas/Error' }, code] } } },
  };
}
