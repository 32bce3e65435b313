import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Keys } from '../../../src/server/access.ts';
import { type ErrorBody, openServingServer } from './open-test-server.ts';

const API = 'the-api-key';
const ADMIN = 'the-admin-key';

const PATHS = {
  open: '/health',
  serve: '/v1/models',
  inspect: '/server_info',
  manage: '/flush_cache',
} as const;

async function openLocked(t: TestContext, keys: Keys) {
  const opened = await openServingServer(t, { keys, metrics: true });
  const statusOf = async (url: string, key: string | null, header = 'authorization') => {
    const shown = header === 'authorization' ? `Bearer ${String(key)}` : String(key);
    const headers = key === null ? {} : { [header]: shown };
    return (await opened.server.app.inject({ url, headers })).statusCode;
  };
  return { ...opened, statusOf };
}

// Which of: no key, the API key, the admin key, another key.
for (const [title, keys, expected] of [
  [
    'without keys',
    { api: null, admin: null },
    { open: 'yyyy', serve: 'yyyy', inspect: 'yyyy', manage: 'yyyy' },
  ],
  [
    'with an API key',
    { api: API, admin: null },
    { open: 'yyyy', serve: 'nynn', inspect: 'nynn', manage: 'nynn' },
  ],
  [
    'with an admin key',
    { api: null, admin: ADMIN },
    { open: 'yyyy', serve: 'yyyy', inspect: 'nnyn', manage: 'nnyn' },
  ],
  [
    'with both keys',
    { api: API, admin: ADMIN },
    { open: 'yyyy', serve: 'nyyn', inspect: 'nyyn', manage: 'nnyn' },
  ],
] as const) {
  test(`a server ${title} lets in whom it should, route by route`, async (t) => {
    const { statusOf } = await openLocked(t, keys);
    for (const [access, path] of Object.entries(PATHS)) {
      const statuses = [];
      for (const key of [null, API, ADMIN, 'wrong']) statuses.push(await statusOf(path, key));
      const letters = statuses.map((status) =>
        status === 200 ? 'y' : status === 401 ? 'n' : String(status),
      );
      assert.equal(letters.join(''), expected[access as keyof typeof PATHS], access);
    }
  });
}

test('health, metrics and OPTIONS need no key', async (t) => {
  const { server, statusOf } = await openLocked(t, { api: API, admin: ADMIN });
  for (const path of ['/health', '/health_generate', '/metrics'])
    assert.equal(await statusOf(path, null), 200);
  assert.equal((await server.app.inject({ method: 'OPTIONS', url: '/v1/embeddings' })).statusCode, 204);
});

test('a key may also come as x-api-key, and the scheme in any case', async (t) => {
  const { server, statusOf } = await openLocked(t, { api: API, admin: null });
  assert.equal(await statusOf('/v1/models', API, 'x-api-key'), 200);
  assert.equal(await statusOf('/v1/models', 'wrong', 'x-api-key'), 401);
  const headers = { authorization: `bearer   ${API} ` };
  assert.equal((await server.app.inject({ url: '/v1/models', headers })).statusCode, 200);
});

for (const authorization of [
  '',
  'Bearer',
  'Bearer ',
  `Basic ${API}`,
  API,
  `Bearer ${API}x`,
  `Bearer ${API.slice(1)}`,
]) {
  test(`"Authorization: ${authorization}" opens nothing`, async (t) => {
    const { server } = await openLocked(t, { api: API, admin: null });
    const answer = await server.app.inject({ url: '/v1/models', headers: { authorization } });
    assert.equal(answer.statusCode, 401);
  });
}

test('the refusal has the shape of OpenAI, names the scheme and no key', async (t) => {
  const { server } = await openLocked(t, { api: API, admin: null });
  const headers = { authorization: 'Bearer wrong' };
  const answer = await server.app.inject({ method: 'POST', url: '/v1/embeddings', headers, payload: 'x' });
  const { error } = JSON.parse(answer.body) as ErrorBody;
  assert.deepEqual(
    [answer.statusCode, error.type, error.code],
    [401, 'invalid_request_error', 'invalid_api_key'],
  );
  assert.equal(answer.headers['www-authenticate'], 'Bearer');
  assert.ok(!answer.body.includes(API) && !answer.body.includes('wrong'));
});

test('without the key nobody learns which paths exist', async (t) => {
  const { statusOf } = await openLocked(t, { api: API, admin: null });
  assert.deepEqual([await statusOf('/nope', null), await statusOf('/nope', API)], [401, 404]);
  assert.deepEqual([await statusOf('/encode', null), await statusOf('/encode', API)], [401, 405]);
});

test('neither key is ever logged', async (t) => {
  const { statusOf, entries } = await openLocked(t, { api: API, admin: ADMIN });
  await statusOf('/v1/models', API);
  await statusOf('/v1/models', `${API}x`);
  const log = JSON.stringify(entries);
  assert.ok(entries.length > 0 && !log.includes(API) && !log.includes(ADMIN));
});
