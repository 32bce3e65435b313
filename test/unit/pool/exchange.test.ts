import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Pool } from 'undici';
import { exchange, readText, type Answer } from '../../../src/pool/exchange.ts';

async function openWorker(t: TestContext, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pool = new Pool(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  t.after(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  return (signal: AbortSignal | null = null): Promise<Answer> =>
    exchange(pool, { method: 'POST', path: '/', body: 'question', signal });
}

test('an answer comes with its status, whether its length was announced or not', async (t) => {
  for (const headers of [{ 'content-length': 6 }, {}]) {
    const ask = await openWorker(t, (_request, response) => {
      response.writeHead(418, headers).write('ans');
      response.end('wer');
    });
    const answer = await ask();
    assert.deepEqual([answer.status, readText(answer)], [418, 'answer']);
  }
});

test('the memory of a big answer is shared, that of a small one is not', async (t) => {
  const sizes = [1000, 100_000];
  const ask = await openWorker(t, (_request, response) => {
    response.end(Buffer.alloc(sizes.shift() ?? 0));
  });
  assert.ok((await ask()).bytes instanceof ArrayBuffer);
  assert.ok((await ask()).bytes instanceof SharedArrayBuffer);
});

test('an answer that ends before its announced length is an error', async (t) => {
  const ask = await openWorker(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('half');
    response.socket?.end();
  });
  await assert.rejects(ask(), { code: 'UND_ERR_SOCKET' });
});

test('whoever aborts gets the reason, the worker sees it leave, and nothing is asked after that', async (t) => {
  const caller = new AbortController();
  let asked = 0;
  const worker = new EventEmitter();
  const ask = await openWorker(t, (_request, response) => {
    asked++;
    response.once('close', () => worker.emit('left'));
    caller.abort(new TypeError('changed my mind'));
  });
  const left = once(worker, 'left');
  await assert.rejects(ask(caller.signal), { message: 'changed my mind' });
  await left;
  await assert.rejects(ask(caller.signal), { message: 'changed my mind' });
  assert.equal(asked, 1);
});
