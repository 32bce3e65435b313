import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { renderOpenApi } from '../../../src/server/openapi.ts';
import { pathsOf, refusalsOf } from '../../../src/server/route-row.ts';
import { ROUTES, rowsWith } from '../../../src/server/routes.ts';
import { openTestServer } from './open-test-server.ts';

interface Operation {
  description?: string;
  security: object[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

interface Document {
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
}

const operationOf = (method: string, path: string): Operation => {
  const operation = render().paths[path]?.[method];
  assert.ok(operation !== undefined);
  return operation;
};

const render = (rootPath = '') =>
  renderOpenApi({
    rows: rowsWith(new Set(['metrics', 'pages'])),
    version: '1.2.3',
    rootPath,
  }) as unknown as Document;

test('the OpenAPI document is valid against the schema of OpenAPI 3.1', async () => {
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(JSON.stringify(render())) as Record<string, unknown>);
  assert.deepEqual([result.valid, result.errors], [true, undefined]);
  assert.equal(validator.version, '3.1');
});

test('every route that is no page is in the OpenAPI document, by its first path and its other names', () => {
  const { paths } = render();
  for (const [, row] of rowsWith(new Set(['metrics', 'pages']))) {
    const text = JSON.stringify(paths);
    for (const path of pathsOf(row).map((each) => each.replace('*', '{model}'))) {
      const isNamed = path in paths || text.includes(`\`${path}\``);
      assert.equal(isNamed, row.group !== 'pages' || path === '/', path);
    }
  }
});

test('an operation answers what its row may refuse, status by status', () => {
  const { responses } = operationOf('post', '/v1/embeddings');
  const statuses = refusalsOf(ROUTES.embeddings).map(([status]) => String(status));
  assert.deepEqual(Object.keys(responses), ['200', ...statuses]);
  assert.match(JSON.stringify(responses['429']), /overloaded/);
});

test('bodies and answers are the schemas of the table of routes', () => {
  const { requestBody, responses } = operationOf('post', '/v1/embeddings');
  assert.equal(requestBody?.content['application/json']?.schema, ROUTES.embeddings.body);
  assert.equal(responses['200']?.content?.['application/json']?.schema, ROUTES.embeddings.answer.schema);
});

test('health says which shape comes with 503, and needs no key', () => {
  const { responses, security } = operationOf('get', '/health');
  assert.deepEqual(Object.keys(responses), ['200', '500', '503']);
  assert.deepEqual(security, []);
});

test('answers that are no JSON have their media type', () => {
  const typesOf = (...of: [string, string]) =>
    Object.keys(operationOf(...of).responses['200']?.content ?? {});
  assert.deepEqual(typesOf('get', '/metrics'), ['text/plain']);
  assert.deepEqual(typesOf('post', '/abort_request'), []);
});

test('the document of a server below a prefix says so', () => {
  assert.deepEqual([render().servers, render('/team').servers], [[{ url: '/' }], [{ url: '/team' }]]);
});

test('/openapi.json is open whatever the keys, and has only what this server has', async (t) => {
  const { server } = await openTestServer(t, {
    keys: { api: 'k', admin: null },
    settings: { version: '9.8.7' },
  });
  const answer = await server.app.inject('/openapi.json');
  const { info, paths } = answer.json<{ info: { version: string }; paths: object }>();
  assert.deepEqual([answer.statusCode, info.version, '/metrics' in paths], [200, '9.8.7', false]);
});
