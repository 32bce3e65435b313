import assert from 'node:assert/strict';
import test from 'node:test';
import { InputReader } from '../../../src/engine/input-reader.ts';

const END = 9;
const HUGE = 'x'.repeat(3_000_000);

function readerOf(contextTokens: number) {
  const seen: number[] = [];
  const tokenise = (text: string): Int32Array => {
    seen.push(text.length);
    return Int32Array.from({ length: text.length + 1 }, (_, i) => (i === text.length ? END : i % 7));
  };
  const model = { name: 'm', dimensions: 4, contextTokens, vocabularySize: 10, parameters: 1, prompts: {} };
  return { seen, reader: new InputReader({ tokenise, endToken: END, model: model as never }) };
}

test('a text of megabytes is refused by its beginning, and the sentence says that it has at least so many tokens', () => {
  const { reader, seen } = readerOf(100);
  assert.throws(() => reader.read(HUGE, 3, null), /input 3 has at least 262145 tokens, the limit is 100/);
  assert.deepEqual(seen, [262_144]);
});

test('a text of ordinary length is refused with the number of its tokens', () => {
  const { reader } = readerOf(100);
  assert.throws(() => reader.read('x'.repeat(150), 0, null), /input 0 has 151 tokens, the limit is 100/);
});

test('of what is cut on the right only the beginning is read', () => {
  const { reader, seen } = readerOf(5);
  const { pieces, isCut } = reader.read(HUGE, 0, { way: 'cut', side: 'right', tokens: 5 });
  assert.deepEqual([pieces.map((piece) => [...piece]), isCut, seen], [[[0, 1, 2, 3, END]], true, [262_144]]);
});

test('what is cut on the left is read to its end', () => {
  const { reader, seen } = readerOf(5);
  const { pieces } = reader.read(HUGE, 0, { way: 'cut', side: 'left', tokens: 3 });
  assert.deepEqual(
    [[...(pieces[0] ?? [])], seen],
    [[(HUGE.length - 2) % 7, (HUGE.length - 1) % 7, END], [HUGE.length]],
  );
});
