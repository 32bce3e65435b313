import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeEmbedder } from '../../fixtures/fake-embedder.ts';
import { type ErrorBody, openServingServer, openTestServer } from './open-test-server.ts';

function open(t: TestContext, port: number): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

async function refusalOn(socket: Socket): Promise<[string, string]> {
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return [head.split('\r\n')[0] ?? '', (JSON.parse(body) as ErrorBody).error.code ?? ''];
}

const HEAD = 'POST /v1/embeddings HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';

test('a head that does not end is 408, and the connection closes', { timeout: 20_000 }, async (t) => {
  const { server } = await openServingServer(t, { limits: { headMs: 100 } });
  const socket = open(t, server.port);
  socket.write(HEAD);
  assert.deepEqual(await refusalOn(socket), ['HTTP/1.1 408 Request Timeout', 'too_slow']);
});

test('a connection without a byte is closed', { timeout: 20_000 }, async (t) => {
  const { server } = await openServingServer(t, { limits: { headMs: 100 } });
  await once(open(t, server.port).resume(), 'close');
});

test('a body that does not come is 408, and no work is left of it', { timeout: 20_000 }, async (t) => {
  const { server, embedder } = await openServingServer(t, { limits: { requestMs: 200 } });
  const socket = open(t, server.port);
  socket.write(`${HEAD}content-length: 100\r\n\r\n{"input":`);
  assert.deepEqual(await refusalOn(socket), ['HTTP/1.1 408 Request Timeout', 'too_slow']);
  assert.equal(embedder.calls.length, 0);
});

test('a head beyond the limit is 431', { timeout: 20_000 }, async (t) => {
  const { server } = await openServingServer(t, { limits: { headBytes: 2000 } });
  const socket = open(t, server.port);
  socket.write(`${HEAD}x-long: ${'a'.repeat(3000)}\r\n\r\n`);
  const status = 'HTTP/1.1 431 Request Header Fields Too Large';
  assert.deepEqual(await refusalOn(socket), [status, 'head_too_large']);
});

test('a client that reads nothing of its answer is cut off', { timeout: 30_000 }, async (t) => {
  const { server, entries } = await openTestServer(t, { limits: { stallMs: 100 } });
  server.serve(new FakeEmbedder({ dimensions: 4096 }));
  const socket = open(t, server.port).pause();
  const body = JSON.stringify({ input: Array(1500).fill('a'), encoding_format: 'base64' });
  socket.write(`${HEAD}content-length: ${String(body.length)}\r\n\r\n${body}`);
  const isCut = (): boolean =>
    entries.some(({ message }) => message.startsWith('the client has read nothing of its answer for 0.1 s'));
  while (!isCut()) await turn();
  await once(socket.resume(), 'close');
});

test('a connection that has its answer and stays silent is closed', { timeout: 20_000 }, async (t) => {
  const { server } = await openServingServer(t, { limits: { idleMs: 100 } });
  const socket = open(t, server.port);
  socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.match(await text(socket), /^HTTP\/1.1 200 OK\r\n.*"healthy"/s);
});

test('2,048 inputs of four thousand characters are within the limits', async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post({ input: Array(2048).fill('word '.repeat(800)), truncate: true, dimensions: 32, encoding_format: 'base64' });
  assert.equal(answer.statusCode, 200);
}); // prettier-ignore
