import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { Fault } from '../../../src/faults.ts';
import { listedFault, renderFault } from '../../../src/server/fault-answer.ts';
import {
  type ErrorBody,
  type InjectedAnswer,
  openServingServer,
  openTestServer,
} from './open-test-server.ts';

const errorOf = (answer: InjectedAnswer) => (JSON.parse(answer.body) as ErrorBody).error;

test("an error body is OpenAI's four keys and a hint beside them", async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post({ input: '' });
  assert.equal(answer.statusCode, 400);
  assert.deepEqual(JSON.parse(answer.body), {
    error: { message: 'input is empty', type: 'invalid_request_error', param: 'input', code: 'input_empty' },
    hint: 'send at least one character or token id per input',
  });
});

test('a too long input is context_length_exceeded', async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post({ input: ['a', 'b'.repeat(600)] });
  assert.equal(answer.statusCode, 400);
  assert.deepEqual(errorOf(answer), {
    message: 'input 1 has 601 tokens, the limit is 512',
    type: 'invalid_request_error',
    param: 'input',
    code: 'context_length_exceeded',
  });
});

test('an unknown model is model_not_found', async (t) => {
  const { server } = await openServingServer(t);
  const answer = await server.app.inject('/v1/models/gpt-4o');
  assert.equal(answer.statusCode, 404);
  assert.equal(errorOf(answer).code, 'model_not_found');
  assert.equal(errorOf(answer).param, 'model');
});

for (const url of ['/nope?key=secret', '/v1', '/v1/%zz', '/v1/models/%zz', '/HEALTH']) {
  test(`GET ${url} is ROUTE_UNKNOWN`, async (t) => {
    const { server } = await openServingServer(t);
    const answer = await server.app.inject(url);
    assert.equal(answer.statusCode, 404);
    assert.equal(errorOf(answer).message, `there is no GET ${url.replace(/\?.*/, '')}`);
    assert.match(String(answer.headers['x-request-id']), /^req_/);
  });
}

test('an unknown path is 404 whatever the body is', async (t) => {
  const { server } = await openServingServer(t);
  const headers = { 'content-type': 'text/plain' };
  const answer = await server.app.inject({ method: 'POST', url: '/nope', headers, payload: 'x' });
  assert.equal(answer.statusCode, 404);
});

test('a wrong method on a known path is 405 with Allow', async (t) => {
  const { server } = await openServingServer(t);
  for (const [method, url, allow] of [
    ['GET', '/v1/embeddings', 'POST, OPTIONS'],
    ['HEAD', '/embeddings/', 'POST, OPTIONS'],
    ['PUT', '/health?x', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/v1/models/a/b', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const answer = await server.app.inject({ method, url });
    assert.deepEqual([answer.statusCode, answer.headers['allow']], [405, allow]);
  }
});

test('a content type that is no JSON is 415', async (t) => {
  const { post } = await openServingServer(t);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'garbage']) {
    const answer = await post({ input: 'a' }, { 'content-type': type });
    assert.equal(answer.statusCode, 415);
    assert.equal(errorOf(answer).message, `content type "${type}" is not supported`);
  }
});

test('a packed body is 415, whatever is in it', async (t) => {
  const { post } = await openServingServer(t);
  for (const encoding of ['gzip', 'br', 'gzip, identity']) {
    const answer = await post({ input: 'a' }, { 'content-encoding': encoding });
    assert.equal(answer.statusCode, 415);
    assert.equal(errorOf(answer).message, `content encoding "${encoding}" is not supported`);
  }
  assert.equal((await post({ input: 'a' }, { 'content-encoding': 'identity' })).statusCode, 200);
});

test('content types of JSON pass with their parameters', async (t) => {
  const { post } = await openServingServer(t);
  for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json']) {
    assert.equal((await post({ input: 'a' }, { 'content-type': type })).statusCode, 200, type);
  }
});

test('broken JSON is 400 and says where it broke', async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post('{"input": "a", }');
  assert.equal(answer.statusCode, 400);
  assert.match(errorOf(answer).message, /^the body is not JSON: .* position 15/);
});

test('an empty body is 400', async (t) => {
  const { post } = await openServingServer(t);
  assert.equal(errorOf(await post('')).message, 'the body is empty, it must be a JSON object');
});

test('a body that is not UTF-8 is 400, not a text with replacement characters', async (t) => {
  const { server, embedder } = await openServingServer(t);
  const payload = Buffer.from('{"input":"caf\xe9"}', 'latin1');
  const headers = { 'content-type': 'application/json' };
  const answer = await server.app.inject({ method: 'POST', url: '/v1/embeddings', headers, payload });
  assert.equal(errorOf(answer).message, 'the body is not UTF-8');
  assert.equal(embedder.calls.length, 0);
});

test('a body over the limit is 413', async (t) => {
  const { post } = await openServingServer(t, { limits: { bodyBytes: 1000 } });
  const answer = await post({ input: 'x'.repeat(1000) });
  assert.equal(answer.statusCode, 413);
  assert.equal(errorOf(answer).message, 'the request body exceeds 1000 bytes');
});

test('before there is an embedder the body is not even read', async (t) => {
  const { post } = await openTestServer(t);
  const answer = await post('not JSON');
  assert.deepEqual([answer.statusCode, errorOf(answer).code], [503, 'starting']);
  assert.equal(answer.headers['retry-after'], '5');
  assert.equal(answer.headers['x-should-retry'], undefined);
});

test('a permanent 5xx tells clients not to retry', async (t) => {
  const { post, embedder } = await openServingServer(t);
  embedder.failNext(new Fault('WORKER_DIED', { deaths: 2 }));
  const answer = await post({ input: 'poison' });
  assert.deepEqual([answer.statusCode, answer.headers['x-should-retry']], [500, 'false']);
  assert.equal(errorOf(answer).type, 'server_error');
});

test('a 5xx that may pass leaves the choice to the client', async (t) => {
  const { post, embedder } = await openServingServer(t);
  embedder.failNext(new Fault('ENGINE_FAILED', { problem: 'out of memory' }));
  const answer = await post({ input: 'a' });
  assert.deepEqual([answer.statusCode, answer.headers['x-should-retry']], [500, undefined]);
});

test('an error that is no fault is BUG: its stack goes to the log, not into the body', async (t) => {
  const { post, embedder, entries } = await openServingServer(t);
  const error = new TypeError('boom');
  embedder.failNext(error);
  const answer = await post({ input: 'a' });
  assert.deepEqual([answer.statusCode, errorOf(answer).code], [500, 'internal_error']);
  assert.equal(errorOf(answer).message, 'internal error: boom');
  assert.ok(!answer.body.includes('.js'));
  assert.equal(entries.find(({ level }) => level === 'error')?.cause, error);
});

test('a fault that the row does not list is answered as BUG', () => {
  const fault = new Fault('PORT_IN_USE', { host: 'a', port: 1 });
  const answered = listedFault(fault, ['STARTING']);
  assert.equal(answered.code, 'BUG');
  assert.equal(answered.message, 'internal error: PORT_IN_USE is not a fault of this route');
  assert.equal(answered.cause, fault);
});

test('a listed fault is answered as it is', () => {
  const fault = new Fault('STOPPING', {});
  assert.equal(listedFault(fault, ['STOPPING']), fault);
  assert.equal(renderFault(fault).headers['retry-after'], '5');
});

test('bytes that are no HTTP get the same body', async (t) => {
  const { server } = await openServingServer(t);
  const socket = connect(server.port, '127.0.0.1');
  socket.write('NONSENSE\r\n\r\n');
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 400 .*x-request-id: req_/s);
  assert.equal((JSON.parse(body) as ErrorBody).error.type, 'invalid_request_error');
});
