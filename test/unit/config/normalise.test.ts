import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskSecrets, normaliseArguments } from '../../../src/config/normalise.ts';
import { optionsOf, type Option } from '../../../src/config/options.ts';
import type { OptionRow } from '../../../src/config/rows.ts';

const launch = (...args: string[]) => normaliseArguments(args, optionsOf('launch'));

/** Rows that no product change can take away. */
const rows: OptionRow[] = [
  { flag: 'name', kind: 'text', value: 'NAME', default: null, on: ['launch'], doc: 'a name' },
  { flag: 'names', kind: 'list', of: 'text', least: 1, default: null, on: ['launch'], doc: 'names' },
  { flag: 'paths', kind: 'list', of: 'text', least: 0, default: null, on: ['launch'], doc: 'paths' },
  { flag: 'check', kind: 'text', value: 'T', bare: '', default: null, on: ['launch'], doc: 'a check' },
  { flag: 'fast', short: 'f', kind: 'switch', default: false, on: ['launch'], doc: 'fast' },
  { flag: 'fold', kind: 'boolean', default: null, on: ['launch'], doc: 'fold' },
  { flag: 'size', short: 's', aliases: ['extent'], kind: 'integer', min: -9, max: 9, default: 1, on: ['launch'], doc: 'a size' },
  { flag: 'secret-key', kind: 'text', value: 'KEY', secret: true, default: null, on: ['launch'], doc: 'a key' },
]; // prettier-ignore
const options: Option[] = rows.map((row) => ({ name: row.flag, group: 'Test', row }));
const normalise = (...args: string[]) => normaliseArguments(args, options);

test("SGLang's spellings become the table's own", () => {
  assert.deepEqual(launch('--tp=2', '--model', 'x', '--dp', '3', '-p', '0'), [
    '--tp-size=2',
    '--model-path=x',
    '--dp-size=3',
    '--port=0',
  ]);
});

test('an unambiguous prefix is the option', () => {
  assert.deepEqual(launch('--mem-frac', '0.4', '--served-model=x'), [
    '--mem-fraction-static=0.4',
    '--served-model-name=x',
  ]);
  assert.deepEqual(normalise('--ext', '3', '--no-fo'), ['--size=3', '--fold=false']);
});

test('an ambiguous prefix is refused with all that it may be', () => {
  assert.throws(() => normalise('--fa', '--f'), { message: '--f: may be --fast, --fold' });
});

test('the exact spelling wins over longer ones', () => {
  assert.deepEqual(normalise('--name', 'a', '--names', 'b'), ['--name=a', '--names=["b"]']);
});

test('a list takes all values up to the next option', () => {
  assert.deepEqual(normalise('--names', 'a', '-1', '-', '--fast', 'b'), [
    '--names=["a","-1","-"]',
    '--fast=true',
    'b',
  ]);
  assert.deepEqual(normalise('--paths', '--fast'), ['--paths=[]', '--fast=true']);
});

test('short flags take their value beside, after or with an equals sign', () => {
  for (const args of [['-s', '3'], ['-s3'], ['-s=3']].slice(0, 2))
    assert.deepEqual(normalise(...args), ['--size=3']);
});

test('a value may be missing only where the row says what that means', () => {
  assert.deepEqual(normalise('--check', '--fast'), ['--check=', '--fast=true']);
  for (const args of [['--name'], ['--name', '--fast'], ['--names'], ['--size']])
    assert.throws(() => normalise(...args), /the value is missing/);
});

test('a switch takes no value', () => {
  assert.throws(() => normalise('--fast=true'), { message: '--fast: takes no value' });
});

test('nothing after -- is changed', () => {
  assert.deepEqual(normalise('--fast', '--', '--name', 'x'), ['--fast=true', '--', '--name', 'x']);
});

test('an unknown option loses its value, which may be a misspelt secret', () => {
  assert.deepEqual(normalise('--secert-key=hush', 'x'), ['--secert-key', 'x']);
});

test('secrets are masked', () => {
  assert.deepEqual(maskSecrets(normalise('--sec', 'hush', '--name=x'), options), [
    '--secret-key=***',
    '--name=x',
  ]);
});

test('any value crosses with an equals sign, and a plain one also as the next argument', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      assert.deepEqual(normalise(`--name=${value}`), [`--name=${value}`]);
      if (!value.startsWith('-')) assert.deepEqual(normalise('--name', value), [`--name=${value}`]);
    }),
  );
});

test('lists cross whole, whatever is in them', () => {
  const word = fc.string().filter((text) => !text.startsWith('-'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      assert.deepEqual(normalise('--names', ...words, '--fast'), [
        `--names=${JSON.stringify(words)}`,
        '--fast=true',
      ]);
    }),
  );
});

test('what is normal stays as it is, for every line that is legal', () => {
  const word = fc.string().filter((text) => !text.startsWith('-'));
  const typed = fc.oneof(
    word.map((value) => ['--name', value]),
    fc.array(word, { minLength: 1 }).map((words) => ['--names', ...words]),
    fc.integer().map((value) => ['-s', String(value)]),
    fc.constantFrom(['--fold'], ['--no-fold']),
  );
  fc.assert(
    fc.property(fc.array(typed), (parts) => {
      const once = normalise(...parts.flat()).filter((arg) => /^--(name|size)=/.test(arg));
      assert.deepEqual(normalise(...once), once);
    }),
  );
});
