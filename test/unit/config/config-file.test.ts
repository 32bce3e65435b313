import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigFile } from '../../../src/config/config-file.ts';
import type { Option } from '../../../src/config/options.ts';
import type { OptionRow } from '../../../src/config/rows.ts';

const rows: OptionRow[] = [
  { flag: 'name', aliases: ['id'], kind: 'text', value: 'NAME', default: null, on: ['launch'], doc: 'a name' },
  { flag: 'names', kind: 'list', of: 'text', least: 1, default: null, on: ['launch'], doc: 'names' },
  { flag: 'fast', kind: 'switch', default: false, on: ['launch'], doc: 'fast' },
  { flag: 'fold', kind: 'boolean', default: null, on: ['launch'], doc: 'fold' },
  { flag: 'size', kind: 'human', min: 0, max: 9000, default: null, on: ['launch'], doc: 'a size' },
  { flag: 'extra', kind: 'json', holds: 'object', default: null, on: ['launch'], doc: 'more' },
  { flag: 'secret-key', kind: 'text', value: 'KEY', secret: true, default: null, on: ['launch'], doc: 'a key' },
  { flag: 'config', kind: 'text', value: 'FILE', default: null, on: ['launch'], doc: 'a file' },
]; // prettier-ignore
const options: Option[] = rows.map((row) => ({ name: row.flag, group: 'Test', row }));
const parse = (text: string) =>
  Object.fromEntries(
    parseConfigFile(text, 'c.yaml', options).map(({ option, value }) => [option.name, value]),
  );

test('a file gives what the command line would', () => {
  assert.deepEqual(parse('id: 1.10\nnames: [a, 2]\nfast: true\nfold: false\nsize: 8k\nextra: {a: [1]}\n'), {
    name: '1.10',
    names: ['a', '2'],
    fast: true,
    fold: false,
    size: 8000,
    extra: { a: [1] },
  });
});

test('a switch that is false is left out, and an empty file says nothing', () => {
  assert.deepEqual(parse('fast: false\n'), {});
  assert.deepEqual(parse('# nothing\n'), {});
});

for (const [what, text, message] of [
  ['an unknown key', 'name: a\nsiez: 1\n', 'c.yaml:2: siez: there is no such option'],
  ['a value of another kind', '\nsize: [1]\n', 'c.yaml:2: size: it has no value of its kind'],
  ['a value out of range', 'size: 9001\n', 'c.yaml:1: size: 9001 is outside 0 to 9000'],
  ['a key without a value', 'name:\n', 'c.yaml:1: name: it has no value of its kind'],
  ['a key that comes twice', 'name: a\nname: b\n', 'c.yaml:2: not valid YAML (duplicate key)'],
  ['another file', 'config: d.yaml\n', 'c.yaml:1: config: a file names no other file'],
  ['a list instead of options', '- name\n', 'c.yaml:1: not a list of options'],
] as const)
  test(`${what} is named with file, line and key`, () => {
    assert.throws(() => parse(text), { code: 'BAD_OPTION', message });
  });

test('a key that is spelt as elsewhere is told its spelling here', () => {
  for (const key of ['secret_key', '--secret-key'])
    assert.throws(() => parse(`${key}: a\n`), { code: 'BAD_OPTION', hint: 'did you mean secret-key?' });
});

test('no fault repeats a secret', () => {
  for (const text of [
    'secret-key: {a: hush}\n',
    'secret-key: "hush\n',
    'secret-key: *hush\n',
    'secret-key: "\\hush"\n',
    'secret-key: [hush]]\n',
  ])
    assert.throws(
      () => parse(text),
      (error: Error & { hint?: string }) => !/hush/.test(`${error.message}${error.hint ?? ''}`),
    );
});

test('brackets within brackets are refused before the parser runs out of stack or memory', () => {
  for (const deep of ['[', '{a: ', '- ', '? '])
    assert.throws(() => parse(`extra: ${deep.repeat(15_000)}`), {
      code: 'BAD_OPTION',
      message: /^c.yaml:1: /,
    });
});

test('an alias stands for what it names, unless it makes far more of the file than it is', () => {
  assert.deepEqual(parse('names: [&n one, *n]\n'), { names: ['one', 'one'] });
  const bomb = [
    'a: &a [x, x]',
    ...'bcdefghij'.split('').map(
      (name, at) =>
        `${name}: &${name} [${Array(9)
          .fill(`*${'abcdefghi'.charAt(at)}`)
          .join()}]`,
    ),
  ].join(', ');
  assert.throws(() => parse(`extra: {${bomb}}\n`), {
    message: 'c.yaml:1: extra: it has no value of its kind',
  });
});
