import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decoder } from '../../../src/engine/lane.ts';
import { watchLane } from '../../../src/engine/watched-lane.ts';

const VECTOR = Float32Array.of(1);
const LIMIT = { timeoutMs: 20 };

/** Decodes of one token end at once, longer ones when `finish` is called. */
class FakeLane implements Decoder {
  readonly cells = 4096;
  finish: (vector: Float32Array) => void = () => undefined;

  decodeTexts(): Promise<void> {
    return Promise.resolve();
  }

  decodeChunk(tokens: Int32Array): Promise<Float32Array> {
    if (tokens.length === 1) return Promise.resolve(VECTOR);
    return new Promise((resolve) => (this.finish = resolve));
  }

  setThreads(threads: number): void {
    assert.fail(`${String(threads)} threads, of which nobody spoke`);
  }

  close(): void {
    this.finish(VECTOR);
  }
}

/** Starts decodes of so many tokens and resolves with the first problem that is told; then all of them end. */
async function firstHang(...tokenCounts: number[]): Promise<string> {
  const lane = new FakeLane();
  const { promise, onHang } = catchHang();
  const watched = watchLane(lane, { ...LIMIT, onHang });
  const decodes = tokenCounts.map((tokens) => watched.decodeChunk(new Int32Array(tokens), 0, true));
  const problem = await promise;
  lane.finish(VECTOR);
  await Promise.all(decodes);
  return problem;
}

function catchHang(): { promise: Promise<string>; onHang: (problem: string) => void } {
  let onHang: (problem: string) => void = () => undefined;
  const promise = new Promise<string>((resolve) => (onHang = resolve));
  return { promise, onHang };
}

test('a decode that takes longer than the timeout is told with its tokens', async () => {
  assert.equal(await firstHang(100), 'a decode of 100 tokens took more than 0.02 s');
});

test('a decode of more than 1,024 tokens has time in proportion', async () => {
  assert.equal(await firstHang(4096), 'a decode of 4096 tokens took more than 0.08 s');
});

test('a decode that ended in time is not told of when its time is over', async () => {
  assert.equal(await firstHang(1, 100), 'a decode of 100 tokens took more than 0.02 s');
});

test('without a timeout a lane is left as it is', () => {
  const lane = new FakeLane();
  assert.equal(watchLane(lane, { timeoutMs: null, onHang: () => undefined }), lane);
});
