import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Death } from '../../../src/pool/suspicion.ts';
import { Questions, type Answerer } from '../../../src/pool/questions.ts';

const ABORTED: Death = { exitCode: null, signal: 'SIGABRT' };
const KILLED: Death = { exitCode: null, signal: 'SIGKILL' };

const answerer = (answer: string | Death, asked: string[] = []): Answerer => ({
  isOpen: true,
  ask: (path) => {
    asked.push(path);
    return Promise.resolve(answer);
  },
});

test('a worker that is dying is passed over', async () => {
  const dying = { ...answerer('[[9]]'), isOpen: false };
  const questions = new Questions(() => [dying, answerer('[[1,2]]')]);
  assert.deepEqual(await questions.tokenise(['a'], { special: true }), [[1, 2]]);
});

test('when a worker dies over a question another is asked', async () => {
  const workers = [answerer(ABORTED), answerer('["a"]')];
  const questions = new Questions(() => workers.splice(0, 1));
  assert.deepEqual(await questions.detokenise([[1]], { special: true }), ['a']);
});

test('a question that kills two workers is WORKER_DIED and asked no third time', async () => {
  const asked: string[] = [];
  const questions = new Questions(() => [answerer(ABORTED, asked)]);
  await assert.rejects(questions.tokenise(['a'], { special: true }), { code: 'WORKER_DIED' });
  assert.deepEqual(asked, ['/tokenise', '/tokenise']);
});

test('workers that are all killed at once leave a question innocent, whoever is asked', async () => {
  const workers = [KILLED, KILLED, KILLED, KILLED, '["a"]'].map((answer) => answerer(answer));
  const questions = new Questions(() => workers.splice(0, 1));
  assert.deepEqual(await questions.detokenise([[1]], { special: true }), ['a']);
});

test('while no worker is ready the answer is STARTING', async () => {
  const questions = new Questions(() => []);
  await assert.rejects(questions.tokenise(['a'], { special: true }), { code: 'STARTING' });
});

test('an answer that is no answer is WIRE_MALFORMED', async () => {
  for (const answer of ['', '{}', '[]', '[["a"]]', '[[1],[2]]', '[[-1]]', '[[0.5]]']) {
    const questions = new Questions(() => [answerer(answer)]);
    await assert.rejects(questions.tokenise(['a'], { special: true }), { code: 'WIRE_MALFORMED' }, answer);
  }
});
