import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { openBestPool } from '../../src/launch/open-best-pool.ts';
import { askGpusOnce, probeGpus } from '../../src/launch/probe-gpus.ts';
import { plan, withCuda } from '../unit/launch/plan-question.ts';
import { assertKnown, fixture } from './test-pool.ts';

/** All ways of a machine with CUDA: our graph and llama.cpp there, then both on the CPU; some of them broken. */
async function open(t: TestContext, broken: Record<string, string>) {
  const { attempts } = plan({ machine: withCuda(1) });
  for (const { workers } of attempts)
    for (const { env } of workers) env['QE_TEST_BROKEN'] = JSON.stringify(broken);
  const warnings: string[] = [];
  const { pool, attempt } = await openBestPool({
    attempts,
    modelFile: 'm.gguf',
    workerEntry: fixture('aborts'),
    onStep: () => undefined,
    log: (level, message) => {
      if (level === 'warn') warnings.push(message);
    },
  });
  t.after(() => pool.close());
  assertKnown(['a'], await pool.embed(['a']));
  return { way: `${attempt.backend} ${attempt.compute}`, warnings };
}

test('where all is well the first way is taken without a word', async (t) => {
  assert.deepEqual(await open(t, {}), { way: 'cuda graph', warnings: [] });
});

test('a library that ends its process in the first decode is named with its last words, the next way taken', async (t) => {
  const { way, warnings } = await open(t, { 'cuda graph': 'abort', 'cuda llama': 'abort' });
  assert.equal(way, 'cpu graph');
  assert.deepEqual(
    warnings.map((warning) => /^(.*?) does not work/.exec(warning)?.[1]),
    ['cuda (our own graph)', 'cuda (llama.cpp)'],
  );
  assert.match(
    warnings[0] ?? '',
    /it was killed by SIGABRT before it was ready, saying: .*unsupported toolchain/,
  );
});

test('libraries that are missing are not asked for twice', async (t) => {
  const { way, warnings } = await open(t, { 'cuda graph': 'missing', 'cuda llama': 'abort' });
  assert.equal(way, 'cpu graph');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /no libcublas\.so\.13$/);
});

test('memory that turns out too short is told with the numbers, and the next way taken', async (t) => {
  const { way, warnings } = await open(t, { 'cuda graph': 'memory' });
  assert.equal(way, 'cuda llama');
  assert.deepEqual(warnings, [
    'cuda (our own graph) does not work: too little memory on CUDA0: 8.0 GB for the weights, what is free there is 3.0 GB',
  ]);
});

test('what our own graph refuses llama.cpp may know; what llama.cpp refuses nobody does', async (t) => {
  assert.equal((await open(t, { 'cuda graph': 'unsupported' })).way, 'cuda llama');
  await assert.rejects(open(t, { 'cuda graph': 'unsupported', 'cuda llama': 'unsupported' }), {
    code: 'MODEL_UNSUPPORTED',
  });
});

test('where no way works the last one says why', async (t) => {
  await assert.rejects(
    open(t, { 'cuda graph': 'abort', 'cuda llama': 'abort', 'cpu graph': 'abort', 'cpu llama': 'abort' }),
    {
      code: 'WORKER_START_FAILED',
    },
  );
});

test('asking for GPUs survives a library that ends the process, and tells its last words', async () => {
  const order = { backend: 'cuda', libraryFolder: null } as const;
  const probe = await probeGpus(order, fixture('exits'));
  assert.deepEqual(probe, {
    problem:
      'asking for its GPUs ended with exit code 7, saying: CUDA error: the provided PTX was compiled with an unsupported toolchain',
  });
});

test('the libraries for the CPU see no GPU', async () => {
  assert.deepEqual(await probeGpus({ backend: 'cpu', libraryFolder: null }), { gpus: [] });
});

test('a folder without libraries is a problem, not a crash', async () => {
  const probe = await probeGpus({ backend: 'cuda', libraryFolder: '/nowhere' });
  assert.match(JSON.stringify(probe), /the folder \/nowhere does not exist/);
});

test('the GPUs are asked for once by a launch that plans twice, and anew after a minute', async () => {
  let nowMs = 0;
  const askGpus = askGpusOnce(fixture('says-pid'), () => nowMs);
  const order = { backend: 'cpu', libraryFolder: null } as const;
  const first = await askGpus(order);
  nowMs = 59_000;
  assert.deepEqual(await askGpus(order), first);
  nowMs = 61_000;
  assert.notDeepEqual(await askGpus(order), first);
});
