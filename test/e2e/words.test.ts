import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { tokeniseBeginning } from '../../src/engine/beginning.ts';
import { findLibraries } from '../../src/engine/libraries.ts';
import { openLlama, type Llama } from '../../src/engine/llama-abi.ts';
import { readModelFile } from '../../src/engine/model-file.ts';
import { cutSafely } from '../../src/engine/safe-cuts.ts';
import { Tokenizer } from '../../src/engine/tokenizer.ts';
import { fixtureFile } from '../fixtures/tiny-model.ts';

let llama: Llama;
let tokenizer: Tokenizer;
let mergeWhole: (text: string) => number[];

before(async () => {
  const file = readModelFile(await fixtureFile('q8_0'));
  llama = openLlama(findLibraries('cpu'), () => undefined);
  tokenizer = new Tokenizer(llama, file);
  const model = llama.loadModel(file.path, llama.modelParams({ vocab_only: true, n_gpu_layers: 0 })) ?? 0n;
  const vocabulary = llama.getVocabulary(model);
  mergeWhole = (text) => {
    const bytes = Buffer.from(text);
    const ids = new Int32Array(bytes.length + 1);
    const count = llama.tokenize(vocabulary, bytes, bytes.length, ids, ids.length, false, false);
    return [...ids.subarray(0, count)];
  };
});
after(() => tokenizer.close());

const oneOf = (characters: string) => fc.nat(characters.length - 1).map((at) => characters.charAt(at));
const character = fc.oneof(
  { weight: 6, arbitrary: oneOf(' \n\r\t\'’".,-_(){}aAeEsStTdDlLmMrRvV019') },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 0x7f }).map((code) => String.fromCodePoint(code)) },
  { weight: 2, arbitrary: fc.integer({ min: 0xa0, max: 0x17e }).map((code) => String.fromCodePoint(code)) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0x2010, max: 0x205e }).map((code) => String.fromCodePoint(code)),
  },
  { weight: 1, arbitrary: fc.constantFrom('the', ' of', "'ll", ' Straße', '   ', '\r\n\r\n', '½', 'ª') },
);

test('a text tokenised word by word has the tokens that llama.cpp gives for all of it', () => {
  fc.assert(
    fc.property(fc.array(character, { maxLength: 40 }), (characters) => {
      const text = characters.join('');
      assert.deepEqual([...tokenizer.tokenise(text)].slice(0, -1), mergeWhole(text));
    }),
    { numRuns: 3000 },
  );
});

const LIMIT = 1000;
for (const [name, part] of Object.entries({
  'one word': 'a',
  'a word of changing letters': 'abcdefghijklmnopqrstuvwxyzäöü',
  'Chinese without a break': '今天天气很好我们去公园散步',
  'Chinese with commas': '今天天气很好，我们去公园散步。',
  'letters with marks of their own': 'e\u0301',
  'added tokens': '<|endoftext|>ab',
  'spaces alone': ' ',
  'signs without letters': '. - ',
  sentences: "The quick brown fox doesn't jump over the lazy dog. Он спит, я нет  .\n",
})) {
  const text = part.repeat(Math.ceil(600_000 / part.length));

  test(`a very long text has the same tokens in turns as at once: ${name}`, async () => {
    const short = text.slice(0, 100_000);
    assert.deepEqual(await tokenizer.tokeniseInTurns(short), tokenizer.tokenise(short));
  });

  test(`the first tokens of a very long text are those of its beginning: ${name}`, async () => {
    const tokenise = (text: string) => tokenizer.tokeniseInTurns(text);
    const { tokens, isWhole } = await tokeniseBeginning(text, { limit: LIMIT, tokenise });
    const whole = tokenizer.tokenise(text);
    assert.equal(isWhole, false);
    assert.deepEqual(tokens.subarray(0, LIMIT), whole.subarray(0, LIMIT));
    assert.deepEqual(tokens.subarray(0, tokens.length - 257), whole.subarray(0, tokens.length - 257));
  });
}

test('wherever a text is cut, its parts have its tokens', () => {
  const sentence = fc.constantFrom('the', ' of', 'привет, мир', '天气。好', ' a b', "'ll do", ' é e\u0301');
  fc.assert(
    fc.property(fc.array(fc.oneof(character, sentence), { maxLength: 60 }), (parts) => {
      const text = parts.join('');
      const cut = [...cutSafely(text, 4)].flatMap((part) => [...tokenizer.tokenise(part)].slice(0, -1));
      assert.deepEqual(cut, [...tokenizer.tokenise(text)].slice(0, -1));
    }),
    { numRuns: 3000 },
  );
});
