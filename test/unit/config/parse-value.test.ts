import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OPTIONS } from '../../../src/config/options.ts';
import { parseValue } from '../../../src/config/parse-value.ts';
import type { OptionRow } from '../../../src/config/rows.ts';

const common = { flag: 'x', on: ['launch'], doc: 'x', default: null } as const;
const human: OptionRow = { ...common, kind: 'human', min: -1, max: 1e15 };
const json: OptionRow = { ...common, kind: 'json', holds: 'object' };
const texts: OptionRow = { ...common, kind: 'list', of: 'text', least: 1 };
const numbers: OptionRow = { ...common, kind: 'list', of: 'number', least: 1 };

test('numbers are read within their range only', () => {
  assert.equal(parseValue(OPTIONS.memFractionStatic, '0.85'), 0.85);
  for (const text of ['', ' ', '1e9', 'NaN', '-1', '0x', '0x1', 'Infinity'])
    assert.throws(() => parseValue(OPTIONS.memFractionStatic, text), { code: 'BAD_OPTION' });
});

test('a whole number is a whole number', () => {
  for (const text of ['80.5', '8e1', '0x50'])
    assert.throws(() => parseValue(OPTIONS.port, text), {
      message: `--port: "${text}" is not a whole number`,
    });
});

test('human numbers have suffixes of 1,000 with decimals and of 1,024 without', () => {
  const cases = { '32000': 32_000, '32k': 32_000, '1.5k': 1500, '32Ki': 32_768, '2.3M': 2_300_000, '1Gi': 2 ** 30, '-1': -1 }; // prettier-ignore
  for (const [text, value] of Object.entries(cases)) assert.equal(parseValue(human, text), value);
  for (const text of ['128K', '1.5', '1.5Ki', '1ki', 'k', '', '1 k'])
    assert.throws(() => parseValue(human, text), { code: 'BAD_OPTION' });
});

test('every whole number of thousands reads alike with and without its suffix', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (count) => {
      assert.equal(parseValue(human, `${String(count)}k`), parseValue(human, String(1000 * count)));
      assert.equal(parseValue(human, `${String(count / 1000)}M`), 1000 * count);
    }),
  );
});

test('lists are JSON or words, and each item is checked', () => {
  assert.deepEqual(parseValue(numbers, '[1,"2.5"]'), [1, 2.5]);
  assert.deepEqual(parseValue(numbers, ' 1 2.5 '), [1, 2.5]);
  assert.throws(() => parseValue(numbers, '1 x'), { message: '--x: "x" is not a number' });
  assert.throws(() => parseValue(numbers, ''), { message: '--x: the list is empty' });
});

test('JSON is checked for what it must hold', () => {
  assert.deepEqual(parseValue(json, '{"is_matryoshka":true}'), { is_matryoshka: true });
  for (const text of ['[]', 'null', '1', '{', ''])
    assert.throws(() => parseValue(json, text), {
      message: `--x: ${JSON.stringify(text)} is not a JSON object`,
    });
});

test('switches from the environment are true or false, nothing else', () => {
  assert.equal(parseValue(OPTIONS.enableMetrics, 'FALSE'), false);
  assert.equal(parseValue(OPTIONS.enableMetrics, '1'), true);
  assert.throws(() => parseValue(OPTIONS.enableMetrics, 'maybe'), { code: 'BAD_OPTION' });
});

test('synonyms of a choice are read whatever their case', () => {
  const row: OptionRow = { ...common, kind: 'choice', choices: ['warn'], synonyms: { warning: 'warn' } };
  assert.equal(parseValue(row, 'WARNING'), 'warn');
  assert.throws(() => parseValue(row, 'WARN'), { code: 'BAD_OPTION' });
});

test("a device may have SGLang's index and Apple's name", () => {
  assert.equal(parseValue(OPTIONS.device, 'cuda:0'), 'cuda');
  assert.equal(parseValue(OPTIONS.device, 'mps'), 'metal');
  assert.throws(() => parseValue(OPTIONS.device, 'xpu:0'), { message: /^--device: "xpu:0" is not one of / });
});

test('a JSON list holds texts and numbers, no lists or objects', () => {
  for (const text of ['[{"toString":1}]', '[[1]]', '[1, null]'])
    assert.throws(() => parseValue(texts, text), { code: 'BAD_OPTION' });
});

test('JSON of a thousand levels is refused, for whoever writes it out again would run out of stack', () => {
  const deep = `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`;
  assert.throws(() => parseValue(json, deep), {
    code: 'BAD_OPTION',
    message: /^--x: .{80,120} is not a JSON object$/,
  });
});
