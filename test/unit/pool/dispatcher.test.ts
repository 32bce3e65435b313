import assert from 'node:assert/strict';
import test from 'node:test';
import type { Embeddings } from '../../../src/embedder.ts';
import { Fault } from '../../../src/faults.ts';
import { Dispatcher, type Outcome, type Runner } from '../../../src/pool/dispatcher.ts';

const aborted = { exitCode: null, signal: 'SIGABRT' } as const;
const killed = { exitCode: null, signal: 'SIGKILL' } as const;

/** A worker whose answers the test gives, by the text of the request. */
class FakeRunner implements Runner {
  isOpen = true;
  readonly running = new Map<string, (outcome: Outcome) => void>();

  run(body: Buffer): Promise<Outcome> {
    return new Promise((resolve) => this.running.set(body.toString(), resolve));
  }

  get texts(): string[] {
    return [...this.running.keys()];
  }

  async answer(text: string): Promise<void> {
    this.running.get(text)?.({ kind: 'answer', embeddings: vectorOf(text) });
    this.running.delete(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const vectorOf = (text: string): Embeddings => ({
  vectors: Float32Array.of(text.length),
  dimensions: 1,
  tokenCounts: Uint32Array.of(1),
  cutCount: 0,
});

function openDispatcher(): {
  dispatcher: Dispatcher;
  submit: (text: string, signal?: AbortSignal) => Promise<Embeddings>;
  ready: () => FakeRunner;
} {
  const dispatcher = new Dispatcher();
  return {
    dispatcher,
    submit: (text, signal = new AbortController().signal, priority = 0) =>
      dispatcher.submit({ body: Buffer.from(text), inputCount: 1, priority, requestId: text, signal }),
    ready: () => {
      const runner = new FakeRunner();
      dispatcher.workerReady(runner);
      return runner;
    },
  };
}

test('what comes before a worker is ready waits for it', async () => {
  const { submit, ready } = openDispatcher();
  const answer = submit('a');
  const worker = ready();
  await worker.answer('a');
  assert.deepEqual(await answer, vectorOf('a'));
});

test('after a death suspects run one by one, alone, and newcomers wait for the last', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  const answers = ['a', 'b'].map((text) => submit(text));
  dispatcher.workerDied(ready(), aborted);
  answers.push(submit('c'));
  const worker = ready();
  assert.deepEqual(worker.texts, ['a']);
  await worker.answer('a');
  assert.deepEqual(worker.texts, ['b']);
  await worker.answer('b');
  assert.deepEqual(worker.texts, ['c']);
  await worker.answer('c');
  assert.equal((await Promise.all(answers)).length, 3);
});

test('deaths name the requests that the workers had, the second one the culprit too, which explains it', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  const [guilty, innocent] = [submit('poison'), submit('a')];
  const requestIds = ['poison', 'a'];
  assert.deepEqual(dispatcher.workerDied(ready(), aborted), {
    isExplained: false,
    requestIds,
    guiltyIds: [],
  });
  const refused = assert.rejects(guilty, { code: 'WORKER_DIED', params: { deaths: 2 } });
  const inquest = { isExplained: true, requestIds: ['poison'], guiltyIds: ['poison'] };
  assert.deepEqual(dispatcher.workerDied(ready(), aborted), inquest);
  await refused;
  await ready().answer('a');
  assert.deepEqual(await innocent, vectorOf('a'));
});

test('after a kill from outside everything runs again at once, before what waited', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  const open = ['a', 'b'].map((text) => submit(text));
  dispatcher.workerDied(ready(), killed);
  open.push(submit('c'));
  assert.deepEqual(ready().texts, ['a', 'b', 'c']);
  const ended = Promise.allSettled(open);
  dispatcher.failAll(new Fault('STOPPING', {}));
  await ended;
});

test('a dying worker gets nothing new, so that nothing new is suspected for it', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  const dying = ready();
  dying.isOpen = false;
  const answer = submit('a');
  dispatcher.workerDied(dying, aborted);
  const worker = ready();
  const other = submit('b');
  assert.deepEqual(worker.texts, ['a', 'b']);
  await worker.answer('a');
  await worker.answer('b');
  await Promise.all([answer, other]);
});

test('an answer from a worker that was reported dead is not given a second time', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  const answer = submit('a');
  const first = ready();
  dispatcher.workerDied(first, killed);
  const second = ready();
  await first.answer('a');
  assert.equal(dispatcher.inFlight(second), 1);
  await second.answer('a');
  await answer;
  await dispatcher.whenIdle();
});

test('a suspect whose caller leaves still keeps its worker to itself', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  const caller = new AbortController();
  const open = [submit('a', caller.signal), submit('b')];
  dispatcher.workerDied(ready(), aborted);
  const worker = ready();
  caller.abort();
  await assert.rejects(open[0] ?? assert.fail(), { code: 'CANCELLED' });
  assert.deepEqual(worker.texts, ['a']);
  await worker.answer('a');
  assert.deepEqual(worker.texts, ['b']);
  await worker.answer('b');
  await open[1];
});

test('a waiting request whose caller leaves is never run', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  const caller = new AbortController();
  const left = assert.rejects(submit('a', caller.signal), { code: 'CANCELLED' });
  caller.abort();
  await left;
  assert.deepEqual(ready().texts, []);
  assert.equal(dispatcher.waitingCount, 0);
  await dispatcher.whenIdle();
});

test('failAll ends what waits, what runs and what comes', async () => {
  const { dispatcher, submit, ready } = openDispatcher();
  ready();
  const open = [submit('a'), submit('b')];
  const ended = open.map((answer) => assert.rejects(answer, { code: 'STOPPING' }));
  dispatcher.failAll(new Fault('STOPPING', {}));
  await Promise.all([...ended, assert.rejects(submit('c'), { code: 'STOPPING' }), dispatcher.whenIdle()]);
});
