import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectFiles } from '../../../src/download/select-files.ts';

const REPO = [
  '.gitattributes',
  '1_Pooling/config.json',
  'README.md',
  'config.json',
  'onnx/a/model.onnx',
  'x[1].bin',
];
const select = (choice: { include?: string[]; exclude?: string[] }) =>
  selectFiles({ files: REPO.map((path) => ({ path })) }, choice).map(({ path }) => path);

const CASES: [string, string[]][] = [
  ['*.json', ['1_Pooling/config.json', 'config.json']],
  ['config.json', ['config.json']],
  ['onnx/', ['onnx/a/model.onnx']],
  ['readme.md', []],
  ['?onfig.json', ['config.json']],
  ['*/config.jso[!m]', ['1_Pooling/config.json']],
  ['[]c]onfig.json', ['config.json']],
  ['x[[]1].bin', ['x[1].bin']],
  ['[z-a]onfig.json', []],
  ['[unclosed', []],
  ['.*', ['.gitattributes']],
  ['{README,config}*', []],
];
for (const [pattern, expected] of CASES)
  test(`${pattern} selects what fnmatch selects`, () => {
    assert.deepEqual(select({ include: [pattern] }), expected);
  });

test('exclude wins over include, and nothing given selects all', () => {
  assert.deepEqual(select({ include: ['*.json'], exclude: ['1_Pooling/'] }), ['config.json']);
  assert.deepEqual(select({}), REPO);
});
