// What a start that fails leaves behind in the program that wanted it: nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { startService } from '../../src/library.ts';
import { eventually } from '../fixtures/eventually.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { isGone } from './test-pool.ts';

const threads = new Set<Worker>();
let threadCount = 0;
process.on('worker', (thread) => {
  threadCount += 1;
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
});

test('a chat template whose port is taken has no thread any more', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const chatTemplate = join(makeTemporaryFolder(), 'x.jinja');
  writeFileSync(chatTemplate, '{{ messages[0].content }}');
  const before = threadCount;
  await assert.rejects(startService({ port, chatTemplate }), { code: 'PORT_IN_USE' });
  assert.ok(threadCount > before, 'the template was tried');
  assert.equal(threads.size, 0);
});

test('a start that fails at its end leaves no worker, no thread and no port', async () => {
  const isListening = () => process.getActiveResourcesInfo().includes('TCPServerWrap');
  const seen: boolean[] = [];
  const workers: number[] = [];
  const halt = new Error('halt');
  const progress = {
    onStep: (step: string) => {
      if (step !== 'warming up') return;
      seen.push(isListening());
      throw halt;
    },
    log: (_level: string, _message: string, { pid }: Record<string, unknown>) => {
      if (typeof pid === 'number') workers.push(pid);
    },
  };
  await assert.rejects(startService({ port: 0, device: 'cpu' }, { progress }), halt);
  assert.equal(workers.length, 1);
  assert.ok(workers.every(isGone));
  assert.equal(threads.size, 0);
  await eventually(() => !isListening());
  assert.deepEqual(seen, [true]);
});
