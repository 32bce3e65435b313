import assert from 'node:assert/strict';
import test from 'node:test';
import type { LongText } from '../../../src/embedder.ts';
import { InputReader, isLong } from '../../../src/engine/input-reader.ts';

const END = 9;
const HUGE = 'x'.repeat(3_000_000);

function readerOf(contextTokens: number) {
  const seen: number[] = [];
  const tokenise = (text: string): Int32Array => {
    seen.push(text.length);
    return Int32Array.from({ length: text.length + 1 }, (_, i) => (i === text.length ? END : i % 7));
  };
  const tokenizer = { tokenise, tokeniseInTurns: (text: string) => Promise.resolve(tokenise(text)) };
  const model = { name: 'm', dimensions: 4, contextTokens, vocabularySize: 10, parameters: 1, prompts: {} };
  const reader = new InputReader({ tokenizer, endToken: END, model: model as never });
  const readHuge = (longText: LongText | null, index = 0) =>
    reader.readInTurns(HUGE, { index, longText }, () => false);
  return { seen, reader, readHuge };
}

test('a text of megabytes is refused by its beginning, and the sentence says that it has at least so many tokens', async () => {
  const { readHuge, seen } = readerOf(100);
  await assert.rejects(readHuge(null, 3), {
    message: 'input 3 has at least 262145 tokens, the limit is 100',
  });
  assert.deepEqual(seen, [262_144]);
});

test('a text of ordinary length is refused with the number of its tokens', () => {
  const { reader } = readerOf(100);
  const place = { index: 0, longText: null };
  assert.throws(() => reader.read('x'.repeat(150), place), /input 0 has 151 tokens, the limit is 100/);
});

test('of what is cut on the right only the beginning is read', async () => {
  const { readHuge, seen } = readerOf(5);
  const { tokens, isCut } = await readHuge({ way: 'cut', side: 'right', tokens: 5 });
  assert.deepEqual([[...tokens], isCut, seen], [[0, 1, 2, 3, END], true, [262_144]]);
});

test('what is cut on the left is read to its end', async () => {
  const { readHuge, seen } = readerOf(5);
  const { tokens } = await readHuge({ way: 'cut', side: 'left', tokens: 3 });
  const last = [(HUGE.length - 2) % 7, (HUGE.length - 1) % 7, END];
  assert.deepEqual([[...tokens], seen], [last, [HUGE.length]]);
});

test('a text is long from 32,769 characters on, and ids never are', () => {
  const sizes = ['x'.repeat(32_768), 'x'.repeat(32_769), Array<number>(40_000).fill(1)];
  assert.deepEqual(sizes.map(isLong), [false, true, false]);
});
