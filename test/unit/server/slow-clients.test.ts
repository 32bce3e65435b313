import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CONNECTION_LIMITS, planAnswerMs } from '../../../src/server/connections.ts';
import type { ServerLogEntry } from '../../../src/server/refusal.ts';
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

const isCut = ({ message }: ServerLogEntry): boolean =>
  /^the client takes less than \d+ bytes of its answer a second/.test(message);

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

/** Of 32 MB in base64, more than the system keeps for a client. */
const BIG = JSON.stringify({ input: Array(1500).fill('a'), encoding_format: 'base64' });
const POST_BIG = `${HEAD}content-length: ${String(BIG.length)}\r\n\r\n${BIG}`;

test('a client that reads nothing of its answer is cut off', { timeout: 30_000 }, async (t) => {
  const { server, entries } = await openTestServer(t, { limits: { stallMs: 100 } });
  server.serve(new FakeEmbedder({ dimensions: 4096 }));
  const socket = open(t, server.port).pause();
  socket.write(POST_BIG);
  const hasStalled = ({ message }: ServerLogEntry): boolean =>
    message.startsWith('the client has read nothing of its answer for 0.1 s');
  while (!entries.some(hasStalled)) await turn();
  await once(socket.resume(), 'close');
});

test(
  'a client that takes a little of its answer now and then is cut off when its time is over',
  { timeout: 30_000 },
  async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { server, entries } = await openTestServer(t, { limits: { answerBytesPerSecond: 1e6 } });
    server.serve(new FakeEmbedder({ dimensions: 4096 }));
    const socket = open(t, server.port);
    socket.write(POST_BIG);
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    const sizeBytes = Number(/content-length: (\d+)/.exec(head.toString('latin1'))?.[1]);
    const answerMs = planAnswerMs(sizeBytes, { ...CONNECTION_LIMITS, answerBytesPerSecond: 1e6 }) ?? NaN;
    assert.equal(answerMs, 60_000 + sizeBytes / 1000);
    t.mock.timers.tick(answerMs - 1);
    assert.deepEqual(entries.filter(isCut), []);
    t.mock.timers.tick(1);
    assert.equal(entries.filter(isCut).length, 1);
    await once(socket.resume(), 'close');
  },
);

test(
  'a client that has taken its answer is left alone however long it then keeps silent',
  { timeout: 30_000 },
  async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { server, entries } = await openServingServer(t);
    const socket = open(t, server.port);
    for (let answers = 0; answers < 2; answers++) {
      socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
      await once(socket, 'data');
      // The answer has ended for the client a moment before it has for the server.
      await turn();
      t.mock.timers.tick(CONNECTION_LIMITS.stallMs * 2);
    }
    assert.deepEqual(entries.filter(isCut), []);
  },
);

test('without a rate an answer may take for ever', () => {
  assert.equal(planAnswerMs(1e9, { stallMs: 1000, answerBytesPerSecond: 0 }), null);
});

test('a connection that has its answer and stays silent is closed', { timeout: 20_000 }, async (t) => {
  const { server } = await openServingServer(t, { limits: { idleMs: 100 } });
  const socket = open(t, server.port);
  socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.match(await text(socket), /^HTTP\/1.1 200 OK\r\n.*"healthy"/s);
});

test('2,048 inputs of four thousand characters are within the limits', async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post({
    input: Array(2048).fill('word '.repeat(800)),
    truncate: true,
    dimensions: 32,
    encoding_format: 'base64',
  });
  assert.equal(answer.statusCode, 200);
});
