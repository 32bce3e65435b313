// How long the tokeniser of a long text keeps the process to itself, counted in turns of its loop: a fake library counts
// what it is given in each turn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Llama } from '../../../src/engine/llama-abi.ts';
import type { ModelFile } from '../../../src/engine/model-file.ts';
import { Tokenizer } from '../../../src/engine/tokenizer.ts';
import { LONGEST_AT_ONCE, SLICE_CHARACTERS } from '../../../src/engine/turns.ts';

const END = 9;
const MEGABYTE = 1_048_576;

/** Of two slices, which may begin in one turn as it is counted here; a character has three bytes at most, and a slice ends
 * with a word. */
const MOST_BYTES = 2 * 3 * (SLICE_CHARACTERS + 100);

type Settle = (error: unknown, count: number) => void;

/** A library to which each byte is a token. `bytesByTurn`: of what it did on this thread. */
function openTokenizer() {
  const bytesByTurn: number[] = [0];
  const atOnce = { now: 0, most: 0 };
  const merge = (bytes: Buffer, ids: Int32Array): number => {
    ids.set(bytes);
    return bytes.length;
  };
  const tokenize = (_vocabulary: bigint, bytes: Buffer, length: number, ids: Int32Array): number => {
    bytesByTurn[bytesByTurn.length - 1] = (bytesByTurn.at(-1) ?? 0) + length;
    return merge(bytes, ids);
  };
  const elsewhere = (...args: [bigint, Buffer, number, Int32Array, number, boolean, boolean, Settle]) => {
    atOnce.most = Math.max(atOnce.most, ++atOnce.now);
    const [, bytes, , ids, , , , settle] = args;
    setImmediate(() => {
      atOnce.now--;
      settle(null, merge(bytes, ids));
    });
  };
  const llama = {
    loadModel: () => 1n,
    modelParams: () => ({}),
    getVocabulary: () => 2n,
    freeModel: () => {
      assert.equal(atOnce.now, 0, 'the vocabulary is freed while a thread reads it');
    },
    tokenize: Object.assign(tokenize, { async: elsewhere }),
  } as unknown as Llama;
  const file = { path: '', addedTokens: new Map([['<|x|>', 300]]), endToken: END } as unknown as ModelFile;
  return { tokenizer: new Tokenizer(llama, file), bytesByTurn, atOnce };
}

/** Turns of the loop go by, and are counted, until `work` is done. */
async function countTurns<Value>(bytesByTurn: number[], work: Promise<Value>): Promise<Value> {
  let isOver = false;
  const turn = (): void => {
    bytesByTurn.push(0);
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    return await work;
  } finally {
    isOver = true;
  }
}

const idsOf = (text: string): number[] => [...Buffer.from(text), END];

for (const [name, part] of Object.entries({
  sentences: 'the quick brown fox. Он спит, ',
  'one word': 'a',
  'spaces alone': ' ',
  Chinese: '今天天气很好，我们去',
})) {
  test(`of two megabytes no turn sees more than a slice: ${name}`, async () => {
    const { tokenizer, bytesByTurn, atOnce } = openTokenizer();
    const text = part.repeat((2 * MEGABYTE) / part.length);
    const ids = await countTurns(bytesByTurn, tokenizer.tokeniseInTurns(text));
    assert.ok(Math.max(...bytesByTurn) <= MOST_BYTES, `${String(Math.max(...bytesByTurn))} bytes`);
    assert.ok(Buffer.from(ids).equals(Buffer.from(idsOf(text))));
    assert.ok(atOnce.most <= 1);
  });
}

test('added tokens without end are taken in turns too', async () => {
  const { tokenizer, bytesByTurn } = openTokenizer();
  const count = Math.floor(MEGABYTE / 5);
  const ids = await countTurns(bytesByTurn, tokenizer.tokeniseInTurns('<|x|>'.repeat(count)));
  assert.ok(bytesByTurn.length > MEGABYTE / SLICE_CHARACTERS / 2, `${String(bytesByTurn.length)} turns`);
  assert.deepEqual([ids.length, ids.at(0), ids.at(-1)], [count + 1, 300, END]);
});

test('other threads get one text at a time, and the vocabulary is freed after the last', async () => {
  const { tokenizer, atOnce } = openTokenizer();
  const word = 'a'.repeat(LONGEST_AT_ONCE + 1);
  const texts = [1, 2, 3].map(() => tokenizer.tokeniseInTurns(word));
  const closed = tokenizer.close();
  for (const ids of await Promise.all(texts)) assert.equal(ids.length, word.length + 1);
  await closed;
  assert.equal(atOnce.most, 1);
});

test('a text that nobody wants any more is left where it is', async () => {
  const { tokenizer, bytesByTurn } = openTokenizer();
  const text = 'the quick brown fox '.repeat(MEGABYTE / 20);
  let turns = 0;
  await countTurns(
    bytesByTurn,
    tokenizer.tokeniseInTurns(text, () => ++turns > 3),
  );
  const seen = bytesByTurn.reduce((sum, bytes) => sum + bytes);
  assert.ok(seen <= 3 * MOST_BYTES, `${String(seen)} bytes`);
});
