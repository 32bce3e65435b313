import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MOST_NOTED_IDS } from '../../../src/embedder.ts';
import { Fault } from '../../../src/faults.ts';
import { parseStartOrder, parseWorkerNews } from '../../../src/worker/news.ts';
import { PROTOCOL_VERSION } from '../../../src/worker/protocol.ts';

test('an order is read, or is the fault that says what is wrong with it', () => {
  const order = { kind: 'start', protocol: PROTOCOL_VERSION, socketPath: 'x.sock', settings: { a: 1 } };
  assert.deepEqual(parseStartOrder(order), order);
  for (const [wrong, message] of [
    [{ ...order, protocol: 1 }, /version 1/],
    [{ ...order, socketPath: 1 }, /names no socket$/],
    ['start', /is no order$/],
  ])
    assert.throws(() => parseStartOrder(wrong), { code: 'WIRE_MALFORMED', message });
});

test('news come back from IPC', () => {
  const note = { level: 'info', message: 'a text is odd', requestIds: ['req_1'] };
  const hang = { kind: 'hang', problem: 'a decode took long' };
  for (const news of [{ kind: 'ready' }, hang, { kind: 'note', note }])
    assert.deepEqual(parseWorkerNews(news), news);
  const news = parseWorkerNews({ kind: 'fault', fault: new Fault('STOPPING', {}).toWire() });
  assert.ok(news?.kind === 'fault' && news.fault.code === 'STOPPING');
  assert.equal(parseWorkerNews({ kind: 'gossip' }), null);
});

test('a note never makes a line longer than a line may be', () => {
  const requestIds = [7, ...Array<string>(100).fill('req_1')];
  const news = parseWorkerNews({
    kind: 'note',
    note: { level: 'loud', message: 'a'.repeat(1e6), requestIds },
  });
  const { level, message, requestIds: ids } = news?.kind === 'note' ? news.note : assert.fail();
  assert.deepEqual([level, message.length, ids.length], ['warn', 500, MOST_NOTED_IDS - 1]);
});

test('any JSON value as news is news, nothing, or the fault that it is none', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('fault', 'hang', 'note'), (value, kind) => {
      for (const message of [value, { kind, [kind]: value }])
        try {
          parseWorkerNews(message);
        } catch (error) {
          assert.equal((error as Fault).code, 'WIRE_MALFORMED');
        }
    }),
  );
});
