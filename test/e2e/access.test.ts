// Keys and certificates through a server as users launch it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { launchServer, type RunningServer } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder } from '../fixtures/tiny-model.ts';

const FOLDER = makeTemporaryFolder();
const KEY = join(FOLDER, 'server.key');
const CERTIFICATE = join(FOLDER, 'server.pem');
const SECRETS = {
  api: 'the-api-key-of-this-test',
  admin: 'the-admin-key-of-this-test',
  password: 'opens-the-key',
};

function makeCertificate(): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2'];
  const files = ['-passout', `pass:${SECRETS.password}`, '-keyout', KEY, '-out', CERTIFICATE];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, ...files], { stdio: 'pipe' });
}

describe('a server with HTTPS and both keys', () => {
  let server: RunningServer;
  before(async () => {
    makeCertificate();
    const args = ['--model-path', fixtureFolder(), '--port', '0', '--outtype', 'f32', '--log-level', 'debug'];
    const tls = [
      '--ssl-keyfile',
      KEY,
      '--ssl-certfile',
      CERTIFICATE,
      '--ssl-keyfile-password',
      SECRETS.password,
    ];
    const keys = ['--api-key', SECRETS.api, '--admin-api-key', SECRETS.admin];
    const env = { XDG_CACHE_HOME: FOLDER, LOCALAPPDATA: FOLDER };
    server = await launchServer([...args, ...tls, ...keys], { env });
  });
  after(() => server.end());

  const ask = (path: string, options: { key?: string; body?: object } = {}) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const { key, body } = options;
      const url = new URL(path, server.url);
      const asked = request(
        url,
        {
          method: body === undefined ? 'GET' : 'POST',
          ca: readFileSync(CERTIFICATE),
          headers: {
            'content-type': 'application/json',
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          },
        },
        (answer) => {
          readAll(answer).then((text) => {
            resolve({ status: answer.statusCode, text });
          }, reject);
        },
      );
      asked.once('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;

  test('says an https URL when it is ready', () => {
    assert.match(server.readyLine, / https:\/\/127\.0\.0\.1:\d+$/);
  });

  test('answers health to everybody, vectors to whoever has the key, management to the admin', async () => {
    const body = { input: 'text' };
    assert.equal(await statusOf('/health'), 200);
    assert.equal(await statusOf('/v1/embeddings', { body }), 401);
    assert.equal(await statusOf('/v1/embeddings', { body, key: 'another' }), 401);
    assert.equal(await statusOf('/v1/embeddings', { body, key: SECRETS.api }), 200);
    assert.equal(await statusOf('/flush_cache', { key: SECRETS.api }), 401);
    assert.equal(await statusOf('/flush_cache', { key: SECRETS.admin }), 200);
  });

  test('tells its settings without a secret, and logs none', async () => {
    const { status, text } = await ask('/server_info', { key: SECRETS.admin });
    assert.equal(status, 200);
    assert.equal((JSON.parse(text) as Record<string, unknown>)['ssl_keyfile'], KEY);
    for (const secret of Object.values(SECRETS))
      for (const shown of [text, server.stderr(), server.readyLine])
        assert.ok(!shown.includes(secret), secret);
  });
});
