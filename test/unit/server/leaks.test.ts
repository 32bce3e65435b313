import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openServingServer } from './open-test-server.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const TRIES = [
  { method: 'POST', url: '/v1/embeddings', payload: '{"input":"a"}' },
  { method: 'POST', url: '/v1/embeddings', payload: '{"input":' },
  { method: 'GET', url: '/server_info' },
  { method: 'GET', url: '/flush_cache' },
  { method: 'GET', url: '/nope' },
  { method: 'PUT', url: '/health' },
  { method: 'OPTIONS', url: '/v1/embeddings' },
] as const;

test('a key, the right one or a wrong one, is in no answer and no log', async (t) => {
  const folder = makeTemporaryFolder();
  const { server, entries } = await openServingServer(t, {
    keys: { api: 'right-key', admin: 'other-key' },
    metrics: true,
    requestLog: { level: 3, format: 'json', targets: [folder] },
  });
  const answers: unknown[] = [];
  for (const key of ['right-key', 'wrong-key', 'other-key'])
    for (const { method, url, ...rest } of [...TRIES, { method: 'GET', url: '/metrics' } as const]) {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const answer = await server.app.inject({ method, url, headers, ...rest });
      answers.push(answer.headers, answer.body);
    }
  await server.close();
  const requestLog = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  assert.match(requestLog.join(''), /"texts":\["a"\]/);
  assert.doesNotMatch(JSON.stringify([answers, entries, requestLog]), /(?:right|wrong|other)-key/);
});

/** All that an answer may say of itself. */
const HEADERS =
  /^(?:content-(?:type|length)|x-request-id|x-should-retry|retry-after|allow|www-authenticate|date|connection|keep-alive|transfer-encoding)$/;

test('answers name no software, and other sites may not read them', async (t) => {
  const { server } = await openServingServer(t);
  for (const { method, url, ...rest } of TRIES) {
    const headers = {
      origin: 'https://elsewhere.example',
      'access-control-request-method': 'POST',
      'content-type': 'application/json',
    };
    const answer = await server.app.inject({ method, url, headers, ...rest });
    const others = Object.keys(answer.headers).filter((name) => !HEADERS.test(name));
    assert.deepEqual(others, [], `${method} ${url}`);
  }
});
