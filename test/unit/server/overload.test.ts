import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { openServingServer, openTestServer, type ErrorBody } from './open-test-server.ts';

const full = () => new Fault('OVERLOADED', { what: 'requests wait', count: 3, limit: 3 });

test('a full server refuses with 429 and retry-after before it reads the body', async (t) => {
  const { server, embedder, post } = await openTestServer(t);
  const checkRoom = () => {
    throw full();
  };
  server.serve(embedder, { checkRoom });
  const answer = await post('no JSON at all');
  assert.equal(answer.statusCode, 429);
  assert.equal(answer.headers['retry-after'], '1');
  assert.deepEqual((JSON.parse(answer.body) as ErrorBody).error, {
    message: 'the server is full: 3 requests wait, the limit is 3',
    type: 'rate_limit_error',
    param: null,
    code: 'overloaded',
  });
});

test('a full server still answers what needs no vector', async (t) => {
  const { server, embedder } = await openTestServer(t);
  const checkRoom = () => {
    throw full();
  };
  server.serve(embedder, { checkRoom });
  const tokens = await server.app.inject({ method: 'POST', url: '/tokenize', payload: { prompt: 'a' } });
  const health = await server.app.inject('/health');
  assert.deepEqual([tokens.statusCode, health.statusCode], [200, 200]);
});

test('a request that has no answer in time ends with 504 and its work is dropped', async (t) => {
  const { embedder, post } = await openServingServer(t, { requestDeadlineMs: 20 });
  t.after(embedder.hold());
  const answer = await post({ input: 'a' });
  assert.equal(answer.statusCode, 504);
  const { error } = JSON.parse(answer.body) as ErrorBody;
  assert.deepEqual([error.code, error.message], ['deadline', 'the request had no answer within 0.02 s']);
  assert.equal(embedder.cancelledCount, 1);
});

test('an answer within the deadline is an answer', async (t) => {
  const { post } = await openServingServer(t, { requestDeadlineMs: 60_000 });
  assert.equal((await post({ input: 'a' })).statusCode, 200);
});

test('the proof of health is asked for until a full queue lets it in', async (t) => {
  const { server, embedder } = await openServingServer(t);
  embedder.failNext(full(), full());
  assert.equal((await server.app.inject('/health_generate')).statusCode, 200);
  assert.equal(embedder.calls.length, 3);
});
