import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openServingServer } from './open-test-server.ts';

test('routes answer below the root path and without it', async (t) => {
  const { server } = await openServingServer(t, { rootPath: '/team/embed' });
  for (const path of [
    '/team/embed/v1/models',
    '/team/embed/health?x=1',
    '/health',
    '/team/embed',
    '/team/embed?x',
  ]) {
    assert.equal((await server.app.inject(path)).statusCode, 200, path);
  }
  for (const path of ['/team/embedded/health', '/team/health']) {
    assert.equal((await server.app.inject(path)).statusCode, 404, path);
  }
});

test('requests for quiet paths leave no line in the log, others one', async (t) => {
  const { server, entries } = await openServingServer(t, { quietPaths: ['/health'] });
  for (const path of ['/health', '/health_generate', '/v1/models']) await server.app.inject(path);
  assert.deepEqual(
    entries.map(({ kind, message }) => [kind, message.split(':')[0]]),
    [['access', 'GET /v1/models']],
  );
});

test('connections stay open for as long as the server was told', async (t) => {
  const { server } = await openServingServer(t, { limits: { idleMs: 7000 } });
  const answer = await fetch(`${server.url}/health`);
  assert.equal(answer.headers.get('keep-alive'), 'timeout=7');
});
