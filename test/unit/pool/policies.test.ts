import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { LastWords } from '../../../src/pool/last-words.ts';
import {
  DEFAULT_RESTART_LIMITS as limits,
  planRestart,
  wasFutile,
} from '../../../src/pool/restart-policy.ts';
import { joinEmbeddings, shiftIndex } from '../../../src/pool/slices.ts';
import { judge } from '../../../src/pool/suspicion.ts';
import { planWorkerEnv } from '../../../src/pool/worker-env.ts';

const aborted = { exitCode: null, signal: 'SIGABRT' } as const;
const killed = { exitCode: null, signal: 'SIGKILL' } as const;
const hung = { ...killed, offence: { kind: 'hang', problem: 'a decode' } } as const;
const exited = { exitCode: 1, signal: null } as const;

/** Long enough to have done anything. */
const heldMs = 60_000;

test('who was in a worker that fell by itself is a suspect', () => {
  assert.equal(judge({ deaths: 0, suspect: false, heldMs }, aborted), 'suspect');
  assert.equal(judge({ deaths: 0, suspect: false, heldMs }, exited), 'suspect');
});

test('who was in a worker that was killed because it hung is a suspect', () => {
  assert.equal(judge({ deaths: 0, suspect: false, heldMs }, hung), 'suspect');
});

test('who was in a worker that was killed is sent again, but not for ever', () => {
  assert.equal(judge({ deaths: 0, suspect: false, heldMs }, killed), 'resend');
  assert.equal(judge({ deaths: 1, suspect: false, heldMs }, killed), 'suspect');
});

test('a suspect whose worker falls by itself is guilty', () => {
  for (const death of [aborted, exited, hung]) {
    assert.equal(judge({ deaths: 1, suspect: true, heldMs }, death), 'guilty');
  }
});

test('who came to a worker just before it was killed had no part in it', () => {
  assert.equal(judge({ deaths: 0, suspect: false, heldMs: 100 }, killed), 'bystander');
  assert.equal(judge({ deaths: 2, suspect: true, heldMs: 100 }, killed), 'bystander');
  assert.equal(judge({ deaths: 0, suspect: false, heldMs: 100 }, aborted), 'suspect');
});

test('a suspect whose worker is killed is tried once more, and guilty if that one is killed too', () => {
  assert.equal(judge({ deaths: 1, suspect: true, heldMs }, killed), 'suspect');
  assert.equal(judge({ deaths: 2, suspect: true, heldMs }, killed), 'guilty');
});

const decide = (futileLives: number, everReady = true) => planRestart({ everReady, futileLives }, limits);

test('a worker that never was ready is given up', () => {
  assert.deepEqual(decide(0, false), { kind: 'give-up', reason: 'before it was ever ready' });
});

test('each further futile life doubles the pause, up to the limit', () => {
  const pauses = [0, 1, 2, 3, 5].map((count) => decide(count));
  const afterMs = pauses.map((decision) => (decision.kind === 'restart' ? decision.afterMs : null));
  assert.deepEqual(afterMs, [100, 100, 200, 400, 1600]);
  const short = planRestart({ everReady: true, futileLives: 5 }, { ...limits, maxDelayMs: 300 });
  assert.deepEqual(short, { kind: 'restart', afterMs: 300 });
});

test('too many futile lives in a row end it', () => {
  const reason = 'and has died 6 times in a row, each time sooner than it takes to start';
  assert.deepEqual(decide(6), { kind: 'give-up', reason });
});

test('a life is futile where less time was served than it took to start', () => {
  const life = { startedMs: 0, readyMs: 1000, endedMs: 1900, silentMs: 0 };
  assert.equal(wasFutile(life), true);
  assert.equal(wasFutile({ ...life, endedMs: 2000 }), false);
  assert.equal(wasFutile({ ...life, readyMs: null }), true);
});

test('the time that a worker hung before it was killed was not served', () => {
  const life = { startedMs: 0, readyMs: 1000, endedMs: 301_500, silentMs: 300_000 };
  assert.equal(wasFutile(life), true);
  assert.equal(wasFutile({ ...life, endedMs: 302_000 }), false);
});

test('last words are the last lines, the unfinished one included', () => {
  const heard: string[] = [];
  const words = new LastWords((line) => heard.push(line));
  const stream = new PassThrough();
  words.listen(stream);
  const lines = Array.from({ length: 50 }, (_, index) => `line ${String(index)}`);
  stream.write(`${lines.join('\n')}\r\n\n`);
  stream.write(Buffer.from('gr\u00fc').subarray(0, 3));
  stream.end(Buffer.from('gr\u00fcn').subarray(3));
  return new Promise<void>((resolve) => {
    stream.once('end', () => {
      assert.equal(words.lines.length, 40);
      assert.equal(words.lines.at(-1), 'gr\u00fcn');
      assert.equal(heard.length, 51);
      resolve();
    });
  });
});

test('a worker sees the loader and the drivers, never a token', () => {
  const parent = { PATH: '/bin', HF_TOKEN: 'x', QWEN_EMBED_API_KEY: 'x', CUDA_PATH: '/cuda', Path: 'C:' };
  assert.deepEqual(planWorkerEnv(parent, { CUDA_VISIBLE_DEVICES: '1' }), {
    PATH: '/bin',
    CUDA_PATH: '/cuda',
    Path: 'C:',
    CUDA_VISIBLE_DEVICES: '1',
  });
});

const slice = (values: number[], dimensions = 1, cutCount = 0) => ({
  vectors: Float32Array.from(values),
  dimensions,
  tokenCounts: Uint32Array.from({ length: values.length / dimensions }, () => 1),
  cutCount,
});

test('slices are joined in order, their cut inputs added up, and must agree on their dimensions', () => {
  const joined = joinEmbeddings([slice([1, 2, 3, 4], 2, 1), slice([5, 6], 2, 1)]);
  assert.deepEqual(joined, slice([1, 2, 3, 4, 5, 6], 2, 2));
  assert.throws(() => joinEmbeddings([slice([1]), slice([1, 2], 2)]), { code: 'WIRE_MALFORMED' });
});

test('a fault of a slice names the input of the call', () => {
  const fault = shiftIndex(new Fault('VECTOR_NOT_FINITE', { index: 2 }), 10);
  assert.equal(fault.message, 'the embedding of input 12 has values that are not finite');
  const other = new Fault('STOPPING', {});
  assert.equal(shiftIndex(other, 10), other);
});
