import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { Client } from 'undici';
import { Fault } from '../../../src/faults.ts';
import { openHttpService } from '../../../src/worker/http-service.ts';
import { decodeEmbedResponse, decodeFault, decodeReady } from '../../../src/worker/protocol.ts';
import { encodeWhole } from '../../fixtures/whole-request.ts';
import { decodeProfile } from '../../../src/worker/profile-message.ts';
import { KNOWN_MODEL, knownVector, openKnownEmbedder, type Hook } from '../../process/known-embedder.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

async function openClient(t: TestContext, hook?: Hook): Promise<Client> {
  const socketPath = join(makeTemporaryFolder(), 's');
  const service = await openHttpService({ socketPath, embedder: openKnownEmbedder(hook), maxBodyBytes: 100 });
  const client = new Client('http://worker', { socketPath });
  t.after(async () => {
    await client.destroy();
    await service.drain();
  });
  return client;
}

const embed = { method: 'POST', path: '/embed' } as const;
const oneText = encodeWhole({ inputs: ['a'], dimensions: 3, longText: null, priority: 0, requestId: null });

test('POST /embed answers vectors, GET /ready the model, GET /profile the sums', async (t) => {
  const client = await openClient(t);
  const answer = await client.request({ ...embed, body: oneText });
  const { vectors } = decodeEmbedResponse(await answer.body.arrayBuffer());
  assert.deepEqual([...vectors], knownVector('a', 3));
  const ready = await client.request({ method: 'GET', path: '/ready' });
  assert.deepEqual(decodeReady(await ready.body.text()), KNOWN_MODEL);
  const profile = await client.request({ method: 'GET', path: '/profile' });
  assert.equal(decodeProfile(await profile.body.text()).texts, 1);
});

for (const [title, body, code, status] of [
  ['a body that is no request', Buffer.from('x'), 'WIRE_MALFORMED', 500],
  ['a body over the limit', Buffer.alloc(101), 'BODY_TOO_LARGE', 413],
  ['an empty body', Buffer.alloc(0), 'WIRE_MALFORMED', 500],
] as const) {
  test(`${title} is the fault ${code}, and the next request is served`, async (t) => {
    const client = await openClient(t);
    const answer = await client.request({ ...embed, body });
    assert.equal(answer.statusCode, status);
    assert.equal(decodeFault(await answer.body.text()).code, code);
    assert.equal((await client.request({ ...embed, body: oneText })).statusCode, 200);
  });
}

test('what the embedder throws crosses with its status', async (t) => {
  const client = await openClient(t, () => {
    throw new Fault('VECTOR_NOT_FINITE', { index: 0 });
  });
  const answer = await client.request({ ...embed, body: oneText });
  assert.equal(answer.statusCode, 500);
  assert.deepEqual(decodeFault(await answer.body.text()).params, { index: 0 });
});

test('an unknown path is a fault', async (t) => {
  const client = await openClient(t);
  const answer = await client.request({ method: 'GET', path: '/embed' });
  assert.equal(decodeFault(await answer.body.text()).code, 'ROUTE_UNKNOWN');
});

test('a caller that hangs up aborts its request', async (t) => {
  const caller = new AbortController();
  const seen = new EventEmitter();
  const client = await openClient(t, (_inputs, signal) => {
    signal?.addEventListener('abort', () => seen.emit('abort'));
    caller.abort();
    return new Promise(() => undefined);
  });
  const aborted = once(seen, 'abort');
  await assert.rejects(client.request({ ...embed, body: oneText, signal: caller.signal }));
  await aborted;
});
