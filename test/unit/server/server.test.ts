import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Fault } from '../../../src/faults.ts';
import { openServer } from '../../../src/server/server.ts';
import type { FakeEmbedder } from '../../fixtures/fake-embedder.ts';
import { type ErrorBody, openServingServer, openTestServer } from './open-test-server.ts';

const request = (input: string, signal: AbortSignal | null = null): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ input }),
  signal,
});

async function untilCalled({ calls }: FakeEmbedder): Promise<void> {
  while (calls.length === 0) await turn();
}

test('a port that is taken is PORT_IN_USE', async (t) => {
  const { server } = await openTestServer(t);
  const options = { host: '127.0.0.1', port: server.port, model: { id: 'm', createdUnixSeconds: 1 } };
  await assert.rejects(openServer(options), {
    code: 'PORT_IN_USE',
    params: { host: '127.0.0.1', port: server.port },
  });
});

test('a port that may not be had is told with another', () => {
  const params = { host: '127.0.0.1', port: 80, problem: 'listen EACCES', isForbidden: true };
  assert.match(new Fault('ADDRESS_UNUSABLE', params).hint, /--port 30000/);
});

test('an address of another machine is ADDRESS_UNUSABLE', async () => {
  const options = { host: '203.0.113.7', port: 0, model: { id: 'm', createdUnixSeconds: 1 } };
  await assert.rejects(openServer(options), { code: 'ADDRESS_UNUSABLE' });
});

test('the url of a wildcard host is one that a client can use', async (t) => {
  const { server } = await openTestServer(t, { host: '0.0.0.0' });
  assert.equal(server.url, `http://127.0.0.1:${String(server.port)}`);
});

test('a sender who hangs up cancels the work, and the log knows no error', async (t) => {
  const { server, embedder, entries } = await openServingServer(t);
  embedder.hold();
  const hangUp = new AbortController();
  const answer = fetch(`${server.url}/v1/embeddings`, request('a', hangUp.signal));
  await untilCalled(embedder);
  hangUp.abort();
  await assert.rejects(answer, { name: 'AbortError' });
  while (entries.length === 0) await turn();
  assert.equal(embedder.cancelledCount, 1);
  assert.deepEqual(
    entries.map(({ level, message }) => `${level} ${message}`),
    ['info POST /v1/embeddings: the request was cancelled by its sender'],
  );
});

test('while it stops, open requests finish and new ones are refused with STOPPING', async (t) => {
  const { server, embedder } = await openServingServer(t);
  const release = embedder.hold();
  const open = fetch(`${server.url}/v1/embeddings`, request('a'));
  await untilCalled(embedder);
  const closed = server.close();
  const health = await fetch(`${server.url}/health`);
  assert.deepEqual([health.status, await health.text()], [503, '{"status":"stopping"}']);
  const refused = await fetch(`${server.url}/v1/embeddings`, request('b'));
  assert.equal(((await refused.json()) as ErrorBody).error.code, 'stopping');
  assert.deepEqual([refused.status, refused.headers.get('connection')], [503, 'close']);
  release();
  const answer = await open;
  assert.equal(answer.status, 200);
  await answer.arrayBuffer();
  await closed;
  await assert.rejects(fetch(`${server.url}/health`));
});

test('out of patience, open requests are aborted and answer STOPPING', async (t) => {
  const { server, embedder } = await openServingServer(t);
  embedder.hold();
  const open = fetch(`${server.url}/v1/embeddings`, request('a'));
  await untilCalled(embedder);
  await server.close({ graceMs: 0 });
  const answer = await open;
  assert.equal(answer.status, 503);
  assert.equal(((await answer.json()) as ErrorBody).error.code, 'stopping');
  assert.equal(embedder.cancelledCount, 1);
});

test(
  'a connection that never sends a request does not keep the server open',
  { timeout: 20_000 },
  async (t) => {
    const { server } = await openServingServer(t);
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const gone = once(socket, 'close');
    await server.close();
    await gone;
  },
);

test('closing twice is closing once', { timeout: 20_000 }, async (t) => {
  const { server } = await openServingServer(t);
  await Promise.all([server.close(), server.close()]);
  await assert.rejects(fetch(`${server.url}/health`));
});

test('a large answer arrives whole over the wire', async (t) => {
  const { server } = await openServingServer(t);
  const inputs = Array.from({ length: 2048 }, (_, i) => `text ${String(i)}`);
  const response = await fetch(`${server.url}/v1/embeddings`, {
    ...request(''),
    body: JSON.stringify({ input: inputs }),
  });
  const bytes = await response.arrayBuffer();
  assert.equal(String(bytes.byteLength), response.headers.get('content-length'));
  const { data } = JSON.parse(Buffer.from(bytes).toString()) as { data: { index: number }[] };
  assert.equal(data.length, 2048);
});

test('a sender who hangs up amid the body is no error either', async (t) => {
  const { server, entries } = await openServingServer(t);
  const socket = connect(server.port, '127.0.0.1');
  const head =
    'POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n';
  socket.write(head);
  await once(socket, 'data');
  socket.end('{"input":');
  while (entries.length === 0) await turn();
  assert.deepEqual(
    entries.map(({ level }) => level),
    ['info'],
  );
});

test('a reader who stops reading does not outlast the grace', { timeout: 20_000 }, async (t) => {
  const { server } = await openServingServer(t);
  const body = JSON.stringify({ input: new Array(2048).fill([1, 2]) });
  const length = String(Buffer.byteLength(body));
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${body}`);
  await once(socket, 'data');
  socket.pause();
  await server.close({ graceMs: 1 });
  socket.destroy();
});
