import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIONS } from '../../../src/config/options.ts';
import { collectNotices, parseValue, spellOut } from '../../../src/config/read.ts';

test("SGLang's spellings become the table's own", () => {
  assert.deepEqual(spellOut('launch', ['--tp=2', '--model', 'x', '--dp', '3']), [
    '--tp-size=2',
    '--model-path',
    'x',
    '--dp-size',
    '3',
  ]);
});

test('a value keeps its equals signs, and nothing after -- is changed', () => {
  assert.deepEqual(spellOut('launch', ['--model=a=b', '--', '--tp']), ['--model-path=a=b', '--', '--tp']);
});

test('numbers are read within their range only', () => {
  assert.equal(parseValue(OPTIONS.memFractionStatic, '0.85'), 0.85);
  for (const text of ['', ' ', '1e9', 'NaN', '-1', '0x'])
    assert.throws(() => parseValue(OPTIONS.memFractionStatic, text), { code: 'BAD_OPTION' });
});

test('a whole number is a whole number', () => {
  assert.throws(() => parseValue(OPTIONS.port, '80.5'), { message: '--port: "80.5" is not a whole number' });
});

test('notices are shown for the options given and no others', () => {
  assert.deepEqual(
    collectNotices('launch', (name) => name === 'contextLength'),
    ["--context-length: the model's own context length rules"],
  );
});
