import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { renderVocabulary } from '../../../src/convert/tokenizer.ts';
import { cutBulk } from '../../../src/convert/tokenizer-bulk.ts';
import { smallTokenizer } from './small-model.ts';

type Json = Record<string, unknown>;

const base = smallTokenizer();
const VOCABULARY = 400;

function render(tokenizer: Json, bulk?: NonNullable<ReturnType<typeof cutBulk>>['bulk']): unknown {
  const files = { modelFolder: 'folder', tokenizer, tokenizerConfig: {} };
  return renderVocabulary(bulk === undefined ? files : { ...files, bulk }, VOCABULARY);
}

/** What the bytes give, which must be what `value` gives; null when they are left to JSON.parse. */
function renderCut(text: string, value: Json): unknown {
  const cut = cutBulk(Buffer.from(text));
  if (cut === null) return null;
  const rendered = render(JSON.parse(cut.rest.toString()) as Json, cut.bulk);
  assert.deepEqual(rendered, render(value));
  return rendered;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('', ' ', '\u0120', '"', '\\', '\n', '7', '007', '__proto__', '\u2581', '\ufffd'),
);
const addable = text.filter((content) => !content.includes('\u2581'));
const merge = fc.oneof(fc.tuple(text, text), text);
const tokenizer = fc.record({
  tokens: fc.uniqueArray(text, { maxLength: 60 }),
  step: fc.constantFrom(1, 3, 7),
  merges: fc.array(merge, { minLength: 1, maxLength: 20 }),
  added: fc.array(fc.record({ id: fc.nat(VOCABULARY - 1), content: addable, special: fc.boolean() }), {
    maxLength: 4,
  }),
  indent: fc.constantFrom('', '  ', '\t'),
  isAscii: fc.boolean(),
});

function writeJson(value: unknown, { indent, isAscii }: { indent: string; isAscii: boolean }): string {
  const json = JSON.stringify(value, null, indent);
  if (!isAscii) return json;
  return json.replaceAll(
    /[^\0-\x7f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

// Compared with the value that was written, not with the text parsed: V8 12.8 to 14.6 reads some escaped keys as a
// backslash once another object had such a key (https://github.com/nodejs/node/issues/63785).
test('bytes taken out of any tokenizer.json render as the object it was written from', () => {
  let taken = 0;
  fc.assert(
    fc.property(tokenizer, ({ tokens, step, merges, added, ...style }) => {
      const vocab = Object.fromEntries(tokens.map((token, index) => [token, (index * step) % VOCABULARY]));
      const value = { ...base, added_tokens: added, model: { type: 'BPE', vocab, merges } };
      if (renderCut(writeJson(value, style), value) !== null) taken++;
    }),
    { numRuns: 300 },
  );
  assert.ok(taken > 150, `only ${String(taken)} of 300 were taken`);
});

const file = (model: string): string => JSON.stringify(base).replace(/"model":\{.*\}$/, `"model":${model}}`);
const MERGES = '"merges":["a b"]';

test('a plain vocabulary is taken', () => {
  const value = { ...base, model: { type: 'BPE', vocab: { a: 0, b: 12 }, merges: ['a b'] } };
  assert.notEqual(renderCut(file(`{"type":"BPE","vocab":{"a":0,"b" : 12 },${MERGES}}`), value), null);
});

test('whatever is doubtful is left to JSON.parse', () => {
  const vocabularies = ['"a":0,"a":1', '"a":0,"b":0', '"a":-1', '"a":1.0', '"a":01', '"a":1e1', '"a":null'];
  const wrong = ['"a":0,', '"a"0', 'a:0', '"a\n":0', '"\\x":0', '"\\ud800":0', '"a":9999999999', '"a":[0]'];
  const models = [
    ...[...vocabularies, ...wrong].map((vocab) => `{"vocab":{${vocab}},${MERGES}}`),
    ...['[]', '["a b",]', '[["a"]]', '[["a","b","c"]]', '[1]', '{}', '["a b"'].map(
      (merges) => `{"vocab":{"a":0},"merges":${merges}}`,
    ),
    `{"vocab":{"a":0},"vocab":{"a":0},${MERGES}}`,
    `{"vocab":{"a":0}}`,
    `{"voca\\u0062":{"b":0},"vocab":{"a":0},${MERGES}}`,
    `{"vocab":{"a":0},${MERGES}},"model":{}`,
    '[]',
  ];
  for (const model of models) assert.equal(cutBulk(Buffer.from(file(model))), null, model);
  const invalid = Buffer.from(file(`{"vocab":{"?":0},${MERGES}}`));
  invalid[invalid.indexOf('?')] = 0xff;
  assert.equal(cutBulk(invalid), null);
});

test('every truncation is left to JSON.parse, or its rest is no JSON', () => {
  const whole = file(`{"vocab":{"a":0,"\\u0062":1},"merges":["a b",["a","b"]]}`);
  for (let length = 0; length < whole.length; length++) {
    const cut = cutBulk(Buffer.from(whole.slice(0, length)));
    if (cut !== null) assert.throws(() => JSON.parse(cut.rest.toString()) as unknown);
  }
});
