import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { renderRecord, type RequestRecord } from '../../../src/server/request-log.ts';
import { openServingServer } from './open-test-server.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const TIME = '2026-01-02T03:04:05.678Z';

const RECORD: RequestRecord = {
  ...{ requestId: 'r1', path: '/v1/embeddings', inputs: 2, tokens: 7, seconds: 0.25, fault: null },
  options: { dimensions: 64 },
  texts: ['x'.repeat(2000), 'y'.repeat(2000)],
};

const fieldsOf = (level: number, record = RECORD): Record<string, unknown> =>
  JSON.parse(renderRecord(record, TIME, { level, format: 'json' })) as Record<string, unknown>;

test('level 0 says sizes and times, level 1 also options', () => {
  const sizes = { requestId: 'r1', path: '/v1/embeddings', inputs: 2, tokens: 7, seconds: 0.25, fault: null };
  assert.deepEqual(fieldsOf(0), { time: TIME, event: 'request.finished', ...sizes });
  assert.deepEqual(fieldsOf(1), { ...fieldsOf(0), options: { dimensions: 64 } });
});

test('level 2 shows the first 2,048 characters, level 3 all', () => {
  assert.deepEqual(fieldsOf(2)['texts'], ['x'.repeat(2000), 'y'.repeat(48)]);
  assert.deepEqual(fieldsOf(3)['texts'], RECORD.texts);
  assert.deepEqual(fieldsOf(3, { ...RECORD, texts: [Int32Array.of(1, 2), [3]] })['texts'], [[1, 2], [3]]);
});

test('as text a record is one line whatever is in it', () => {
  const record = { ...RECORD, texts: ['a\nb'] };
  assert.equal(
    renderRecord(record, TIME, { level: 2, format: 'text' }),
    `[${TIME}] Finish: requestId="r1" path="/v1/embeddings" inputs=2 tokens=7 seconds=0.25 fault=null ` +
      'options={"dimensions":64} texts=["a\\nb"]',
  );
});

test('every request for embeddings that has ended is in the file of the day, the refused too', async (t) => {
  const folder = makeTemporaryFolder();
  const requestLog = { level: 2, format: 'json', targets: [folder] } as const;
  const { server, post, embedder } = await openServingServer(t, { requestLog });
  await post({ input: ['a', 'b'], rid: 'mine' });
  embedder.failNext(new Fault('ENGINE_FAILED', { problem: 'x' }));
  await post({ input: [1, 2] });
  await server.close();
  const [name = '', ...others] = readdirSync(folder);
  assert.match(name, /^requests-\d{4}-\d\d-\d\d\.log$/);
  assert.deepEqual(others, []);
  const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as RequestRecord);
  assert.deepEqual(
    records.map(({ requestId, tokens, fault, texts }) => [requestId.slice(0, 4), tokens, fault, texts]),
    [
      ['mine', 4, null, ['a', 'b']],
      ['req_', null, 'ENGINE_FAILED', [[1, 2]]],
    ],
  );
});

test('a folder that cannot be written to costs a warning, not the answer', async (t) => {
  const requestLog = { level: 0, format: 'text', targets: [join(makeTemporaryFolder(), 'none')] } as const;
  const { server, post, entries } = await openServingServer(t, { requestLog });
  assert.equal((await post({ input: 'a' })).statusCode, 200);
  await server.close();
  assert.match(entries.find(({ level }) => level === 'warn')?.message ?? '', /^the log of requests: ENOENT/);
});
