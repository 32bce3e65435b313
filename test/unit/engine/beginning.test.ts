import assert from 'node:assert/strict';
import test from 'node:test';
import { tokeniseBeginning } from '../../../src/engine/beginning.ts';

const MEGABYTE = 1_048_576;

/** One id per `width` characters and the end token; remembers what it was given. */
function counter(width: number) {
  const seen: number[] = [];
  const tokenise = (text: string): Promise<Int32Array> => {
    seen.push(text.length);
    return Promise.resolve(new Int32Array(Math.ceil(text.length / width) + 1));
  };
  return { seen, tokenise };
}

test('a text of ordinary length is tokenised once, whole', async () => {
  const { seen, tokenise } = counter(4);
  const { tokens, isWhole } = await tokeniseBeginning('x'.repeat(200_000), { limit: 512, tokenise });
  assert.deepEqual([tokens.length, isWhole, seen], [50_001, true, [200_000]]);
});

test('of ten megabytes no more is tokenised than shows that they are too many', async () => {
  const { seen, tokenise } = counter(4);
  const { tokens, isWhole } = await tokeniseBeginning('x'.repeat(10 * MEGABYTE), { limit: 32_768, tokenise });
  assert.deepEqual([isWhole, seen], [false, [MEGABYTE / 4]]);
  assert.ok(tokens.length > 32_768);
});

test('a beginning with few tokens is no reason to refuse the text', async () => {
  const { seen, tokenise } = counter(128);
  const { tokens, isWhole } = await tokeniseBeginning('x'.repeat(MEGABYTE), { limit: 10_000, tokenise });
  assert.deepEqual([tokens.length, isWhole], [8193, true]);
  assert.deepEqual(seen, [MEGABYTE / 4, MEGABYTE / 2, MEGABYTE]);
});

test('a beginning counts only if it is longer than the limit by more than its end can change', async () => {
  const { tokenise } = counter(1);
  const { isWhole } = await tokeniseBeginning('x'.repeat(262_145), { limit: 262_144, tokenise });
  assert.equal(isWhole, true);
});
