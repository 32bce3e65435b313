import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyProfile, type Note } from '../../../src/embedder.ts';
import { Call } from '../../../src/engine/call.ts';
import type { Decoder } from '../../../src/engine/decoder.ts';
import { Scheduler, type SchedulerOptions } from '../../../src/engine/scheduler.ts';
import { Work } from '../../../src/engine/work.ts';

/** A text of one token, by which its vector is known. */
const OVERFLOWS = 13;

/** A lane where one text's overflow is caught by whatever is decoded beside it. */
class FakeLane implements Decoder {
  readonly cells = 100;
  readonly batches: number[][] = [];
  /** Tokens of batches, and the places of chunks, as they were decoded. */
  readonly decodes: string[] = [];
  readonly threads: number[] = [];
  /** Called with each chunk's place while it is decoded. */
  onChunk: (place: string) => void = () => undefined;

  decodeTexts(texts: readonly Work[], onVector: (index: number, raw: Float32Array) => void): Promise<void> {
    const tokens = texts.map((text) => text.tokens[0] ?? 0);
    this.batches.push(tokens);
    this.decodes.push(tokens.join());
    const isBroken = tokens.includes(OVERFLOWS);
    for (const [index, token] of tokens.entries())
      onVector(index, Float32Array.of(isBroken ? NaN : 1, token));
    return Promise.resolve();
  }

  decodeChunk(tokens: Int32Array, position: number, isLast: boolean): Promise<Float32Array> {
    const place = `${String(position)}-${String(position + tokens.length)}${isLast ? ' last' : ''}`;
    this.decodes.push(place);
    this.onChunk(place);
    return Promise.resolve(Float32Array.of(1, tokens.length));
  }

  setThreads(threads: number): void {
    this.threads.push(threads);
  }

  close(): void {
    this.batches.length = 0;
  }
}

function openScheduler(changes: Partial<SchedulerOptions> = {}): {
  lane: FakeLane;
  notes: Note[];
  embed: (...calls: number[][]) => Call[];
  embedLong: (tokens: number) => { call: Call; work: Work };
} {
  const lane = new FakeLane();
  const notes: Note[] = [];
  const scheduler = new Scheduler({
    openLane: () => lane,
    watch: { over: (decode) => decode },
    onNote: (note) => notes.push(note),
    lanes: 1,
    threads: 1,
    steadyThreads: false,
    seeksCompany: false,
    schedulePolicy: 'fcfs',
    profile: emptyProfile(),
    batchTokens: 64,
    batchTexts: null,
    prefixTokens: 0,
    chunkTokens: 64,
    contextTokens: 64,
    flashAttention: false,
    ...changes,
  });
  return {
    lane,
    notes,
    embed: (...calls) => {
      const opened = calls.map((tokens, at) => ({
        tokens,
        call: new Call(tokens.length, 2, `req_${String(at)}`),
      }));
      const works = opened.flatMap(({ tokens, call }) =>
        tokens.map(
          (token, index) =>
            new Work({ tokens: Int32Array.of(token), isCut: false, priority: 0 }, { call, index }, null),
        ),
      );
      scheduler.add(works, {});
      return opened.map(({ call }) => call);
    },
    embedLong: (tokens) => {
      const call = new Call(1, 2);
      const text = { tokens: new Int32Array(tokens), isCut: false, priority: 0 };
      const work = new Work(text, { call, index: 0 }, null);
      scheduler.add([work], {});
      return { call, work };
    },
  };
}

test('a text that is longer than a batch goes in chunks, and what comes meanwhile goes between them', async () => {
  const { lane, embed, embedLong } = openScheduler();
  const between: Promise<unknown>[] = [];
  lane.onChunk = (place) => {
    if (place === '0-50') between.push(...embed([7]).map(({ done }) => done));
  };
  const { call } = embedLong(150);
  const { vectors, tokenCounts } = await call.done;
  await Promise.all(between);
  assert.deepEqual(lane.decodes, ['0-50', '7', '50-100', '100-150 last']);
  assert.deepEqual(
    [[...vectors], [...tokenCounts]],
    [[1, 50].map((x) => Math.fround(x / Math.hypot(1, 50))), [150]],
  );
});

test('a long text that nobody wants any more ends after the chunk that runs, and makes room for the next', async () => {
  const { lane, embedLong } = openScheduler();
  const { call, work } = embedLong(150);
  const ends: unknown[] = [];
  work.onEnd = (text) => ends.push(text);
  lane.onChunk = () => {
    lane.onChunk = () => undefined;
    call.fail(new Error('cancelled'));
  };
  await assert.rejects(call.done, /cancelled/);
  await embedLong(100).call.done;
  assert.deepEqual(lane.decodes, ['0-50', '50-100', '0-50', '50-100 last']);
  assert.deepEqual(ends, [null]);
});

test('a text that overflows is tried once more by itself and then refused by its place', async () => {
  const { lane, embed } = openScheduler();
  const [call] = embed([1, OVERFLOWS]);
  await assert.rejects(call?.done ?? assert.fail(), { code: 'VECTOR_NOT_FINITE', params: { index: 1 } });
  assert.deepEqual(lane.batches, [[1, OVERFLOWS], [1], [OVERFLOWS]]);
});

test('requests whose texts were beside one that overflows get their own vectors', async () => {
  const { embed } = openScheduler();
  const [guilty, innocent] = embed([1, OVERFLOWS], [2, 3]);
  await assert.rejects(guilty?.done ?? assert.fail(), { code: 'VECTOR_NOT_FINITE' });
  const { vectors } = (await innocent?.done) ?? assert.fail();
  const [two, three] = [Math.hypot(1, 2), Math.hypot(1, 3)];
  assert.deepEqual([...vectors], [1 / two, 2 / two, 1 / three, 3 / three].map(Math.fround));
});

test('whose texts are computed once more, and whose vector is not finite, is told by the ids of their requests', async () => {
  const { notes, embed } = openScheduler();
  const calls = embed([1, OVERFLOWS], [2]);
  await Promise.allSettled(calls.map(({ done }) => done));
  const again = 'vectors are not finite and their texts are computed once more, each alone';
  assert.deepEqual(notes, [
    { level: 'info', message: again, requestIds: ['req_0', 'req_1'] },
    { level: 'warn', message: 'the vector of a text of 1 tokens is not finite', requestIds: ['req_0'] },
  ]);
});

test('where small batches seek company a third does not begin beside two, and takes all that came meanwhile', async () => {
  const batchesOf = async (seeksCompany: boolean) => {
    const { lane, embed } = openScheduler({ lanes: 3, seeksCompany });
    const calls = [1, 2, 3, 4, 5].flatMap((token) => embed([token]));
    await Promise.all(calls.map(({ done }) => done));
    return lane.batches;
  };
  assert.deepEqual(await batchesOf(true), [[1], [2], [3, 4, 5]]);
  assert.deepEqual(await batchesOf(false), [[1], [2], [3], [4, 5]]);
});

test('a text that comes out whole is computed once', async () => {
  const { lane, embed } = openScheduler();
  await Promise.all(embed([1, 2], [3]).map(({ done }) => done));
  assert.deepEqual(lane.batches, [[1, 2, 3]]);
});

test('a decode has all threads while nothing else wants any, and a share beside others', async () => {
  const { lane, embed } = openScheduler({ lanes: 2, threads: 4 });
  await Promise.all(embed([1]).map(({ done }) => done));
  const full = Array.from({ length: 64 }, (_, i) => i + 20);
  await Promise.all(embed([...full, 2]).map(({ done }) => done));
  assert.deepEqual(lane.threads, [4, 2, 2]);
});

test('with steady threads a decode has its share while nothing else wants any, too', async () => {
  const { lane, embed } = openScheduler({ lanes: 2, threads: 4, steadyThreads: true });
  await Promise.all(embed([1]).map(({ done }) => done));
  assert.deepEqual(lane.threads, [2]);
});
