import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { runLanes } from '../../../src/download/lanes.ts';

/** Promise.withResolvers is Node 22's. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

const WATCHED = { most: 5, lookMs: 50 };

test('a thread with time to spare gets all lanes', async () => {
  const { promise: together, resolve: allAreThere } = withResolvers();
  let count = 0;
  await runLanes(() => {
    if (++count === 5) allAreThere();
    return together;
  }, WATCHED);
  assert.equal(count, 5);
});

test('a thread that one lane keeps busy gets no other', async () => {
  let count = 0;
  await runLanes(async () => {
    count++;
    for (let round = 0; round < 40; round++) {
      pbkdf2Sync('a lane', 'at work', 20_000, 32, 'sha256');
      await turn();
    }
  }, WATCHED);
  assert.equal(count, 1);
});

test('no lane is begun when one has found nothing left', async () => {
  let count = 0;
  await runLanes(() => {
    count++;
    return Promise.resolve();
  }, WATCHED);
  assert.equal(count, 1);
});

test('where nothing is looked at, all lanes begin at once', async () => {
  let count = 0;
  const { promise, resolve } = withResolvers();
  const done = runLanes(
    () => {
      count++;
      return promise;
    },
    { most: 5, lookMs: 0 },
  );
  assert.equal(count, 5);
  resolve();
  await done;
});
