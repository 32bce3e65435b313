import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { PLAIN_RULES } from '../../../src/server/request-rules.ts';
import { Threads, type ThreadsOptions } from '../../../src/server/threads.ts';

const FALLING = new URL('../../fixtures/falling-thread-worker.js', import.meta.url);
const model = { dimensions: 4, contextTokens: 9, vocabularySize: 9, layers: 1, weightsType: 'F32' };

const parseOf = (text: string) => ({ bytes: new Uint8Array(Buffer.from(text)), model, rules: PLAIN_RULES });
const rowsOf = (vectors: Float32Array, firstIndex = 0) => ({
  vectors,
  dimensions: 2,
  firstIndex,
  encodingFormat: 'float' as const,
  frame: { shape: 'openai', modelId: 'm' } as const,
});

function openThreads(t: TestContext, options?: ThreadsOptions): Threads {
  const threads = new Threads(options);
  t.after(() => threads.close());
  return threads;
}

test('a thread does a job and says how long it took', async (t) => {
  const done = await openThreads(t).run('parse', parseOf('{"input":["a","ü"],"dimensions":4}'));
  assert.deepEqual(done?.value, {
    inputs: ['a', 'ü'],
    dimensions: 4,
    longText: null,
    priority: 0,
    conversation: null,
    encodingFormat: 'float',
    rids: [],
  });
  assert.ok(done.seconds > 0);
});

test("a job's fault crosses with its parameters", async (t) => {
  const threads = openThreads(t);
  await assert.rejects(threads.run('parse', parseOf('{"input":["a",""]}')), {
    code: 'INPUT_EMPTY',
    params: { index: 1 },
  });
  const rows = rowsOf(Float32Array.of(1, NaN), 5);
  await assert.rejects(threads.run('encode', rows), { code: 'VECTOR_NOT_FINITE', params: { index: 5 } });
});

test('more jobs than threads wait their turn and each gets its own answer', async (t) => {
  const threads = openThreads(t, { count: 2 });
  const answers = Array.from({ length: 20 }, (_, n) =>
    threads.run('parse', parseOf(`{"input":"${String(n)}"}`)),
  );
  for (const [n, answer] of answers.entries()) assert.deepEqual((await answer)?.value.inputs, [String(n)]);
});

test('shared memory is read where it is and stays', async (t) => {
  const vectors = new Float32Array(new SharedArrayBuffer(16));
  vectors.set([0.5, 1, 0, -1]);
  const done = await openThreads(t).run('encode', rowsOf(vectors.subarray(2)));
  assert.match(Buffer.concat(done?.value ?? []).toString(), /\[0,-1\]/);
  assert.equal(vectors.length, 4);
});

test('each job that a thread dies over is reported lost, and the next gets a new thread', async (t) => {
  const problems: string[] = [];
  const threads = openThreads(t, { count: 1, entry: FALLING, onDeath: (problem) => problems.push(problem) });
  const lost = await Promise.all(['1', '2', '3'].map((text) => threads.run('parse', parseOf(text))));
  assert.deepEqual(lost, [null, null, null]);
  assert.deepEqual(problems, Array(3).fill('it exited with code 3'));
});

test('closing ends the threads, loses what they were doing and reports no death', async () => {
  const problems: string[] = [];
  const threads = new Threads({ count: 1, onDeath: (problem) => problems.push(problem) });
  const answers = ['1', '2'].map((text) => threads.run('parse', parseOf(text)).catch(() => 'fault'));
  await threads.close();
  assert.deepEqual(await Promise.all(answers), [null, null]);
  assert.equal(await threads.run('parse', parseOf('3')), null);
  assert.deepEqual(problems, []);
});

test('a thread without a job does not keep the process alive', async () => {
  const url = new URL('../../../src/server/threads.js', import.meta.url).href;
  const script = `import { Threads } from '${url}';
    const rows = { vectors: Float32Array.of(1), dimensions: 1, firstIndex: 0, encodingFormat: 'float',
      frame: { shape: 'openai' } };
    const done = await new Threads().run('encode', rows);
    console.log(Buffer.concat(done.value).toString());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  assert.match(stdout, /"embedding":\[1\]/);
});
