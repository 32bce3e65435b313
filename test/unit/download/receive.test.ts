import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Cursor, WritePieces } from '../../../src/download/receive.ts';
import { receive } from '../../../src/download/receive.ts';
import { Fault } from '../../../src/faults.ts';
import { openTestHub, REPO } from './open-test-hub.ts';

const CONTENT = Buffer.alloc(3_000_000, 'seventeen letters');

/** All of a file over one connection, to `write`; where the cursor is at the end, also after a fault. */
async function receiveAll(t: TestContext, write: WritePieces): Promise<{ cursor: Cursor; fault: unknown }> {
  const { hub, server } = await openTestHub(t, { repos: { [REPO]: { files: { weights: CONTENT } } } });
  const answer = await hub.get(`${server.url}/${REPO}/resolve/main/weights`, {
    wanted: { repo: REPO, revision: 'main', path: 'weights' },
    signal: new AbortController().signal,
  });
  const cursor: Cursor = { at: 0 };
  const target = { range: { start: 0, end: CONTENT.length }, cursor, write };
  const fault: unknown = await receive(hub, answer, target).then(
    () => null,
    (error: unknown) => error,
  );
  return { cursor, fault };
}

test('a slow write is waited for before the next one begins', async (t) => {
  const received = Buffer.alloc(CONTENT.length);
  let [underWay, most] = [0, 0];
  const { cursor, fault } = await receiveAll(t, async (pieces, start) => {
    most = Math.max(most, ++underWay);
    await turn();
    Buffer.concat(pieces).copy(received, start);
    underWay--;
  });
  assert.equal(fault, null);
  assert.equal(cursor.at, CONTENT.length);
  assert.equal(most, 1);
  assert.ok(received.equals(CONTENT));
});

test('a write that fails ends the receiving with its fault, and the cursor stays before it', async (t) => {
  let written = 0;
  const { cursor, fault } = await receiveAll(t, async (pieces, start) => {
    await turn();
    if (start > 1_000_000) throw new Fault('FILE_UNWRITABLE', { path: 'weights', problem: 'gone' });
    written = start + Buffer.concat(pieces).length;
  });
  assert.equal((fault as Fault).code, 'FILE_UNWRITABLE');
  assert.equal(cursor.at, written);
});
