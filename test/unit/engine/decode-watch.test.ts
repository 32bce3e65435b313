import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Note } from '../../../src/embedder.ts';
import { DecodeWatch } from '../../../src/engine/decode-watch.ts';

/** Watches one decode of so many tokens; `pass` lets time go by, `end` ends the decode. */
function watchDecode(
  t: TestContext,
  { tokens = 100, timeoutMs = 20_000 }: { tokens?: number; timeoutMs?: number | null } = {},
) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [hangs, notes]: [string[], Note[]] = [[], []];
  const watch = new DecodeWatch({
    timeoutMs,
    onHang: (problem) => hangs.push(problem),
    onNote: (note) => notes.push(note),
  });
  let end: () => void = () => undefined;
  const decode = new Promise<void>((resolve) => (end = resolve));
  const over = watch.over(decode, { tokens, requestIds: () => ['req_a'] });
  /** The time is counted in four parts. */
  const pass = (ms: number, times = 4) => {
    for (let n = 0; n < times; n++) t.mock.timers.tick(ms);
  };
  return { hangs, notes, pass, end: () => (end(), over) };
}

test('a decode that takes longer than the timeout is told with its tokens', (t) => {
  const { hangs, pass } = watchDecode(t);
  pass(5000);
  assert.deepEqual(hangs, ['a decode of 100 tokens took more than 20 s']);
});

test('a decode that takes a quarter of its time is told to be slow, once, with the requests that it is of', (t) => {
  const { hangs, notes, pass } = watchDecode(t);
  pass(5000, 3);
  const message = 'a decode of 100 tokens is slow: it has taken 5 s';
  assert.deepEqual(notes, [{ level: 'warn', message, requestIds: ['req_a'] }]);
  assert.deepEqual(hangs, []);
});

test('a decode of more than 1,024 tokens has time in proportion', (t) => {
  const { hangs, pass } = watchDecode(t, { tokens: 4096 });
  pass(5000);
  assert.deepEqual(hangs, []);
  pass(20_000, 3);
  assert.deepEqual(hangs, ['a decode of 4096 tokens took more than 80 s']);
});

test('a decode that ended in time is not told of when its time is over', async (t) => {
  const { hangs, notes, pass, end } = watchDecode(t);
  await end();
  pass(5000);
  assert.deepEqual([hangs, notes], [[], []]);
});

test('without a timeout nothing is told however long a decode takes', (t) => {
  const { hangs, notes, pass } = watchDecode(t, { timeoutMs: null });
  pass(1e9);
  assert.deepEqual([hangs, notes], [[], []]);
});
