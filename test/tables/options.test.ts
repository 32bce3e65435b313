import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOptions } from '../../src/config/judge.ts';
import { environmentName, GROUPS, OPTIONS, optionsOf, type Option } from '../../src/config/options.ts';
import { normaliseArguments } from '../../src/config/normalise.ts';
import { parseValue } from '../../src/config/parse-value.ts';
import type { CommandName, OptionRow, OwnRow } from '../../src/config/rows.ts';
import { COMMANDS } from '../../src/cli/commands.ts';

const commands = Object.keys(COMMANDS) as CommandName[];
const everything = [...new Map(commands.flatMap(optionsOf).map((option) => [option.row, option])).values()];

/** A text that the row takes. */
function sampleOf(row: OptionRow): string {
  switch (row.kind) {
    case 'choice':
      return row.choices[0] ?? '';
    case 'json':
      return row.holds === 'list' ? '[]' : '{}';
    case 'list':
      return row.of === 'text' ? 'a' : '1';
    case 'text':
      return 'a';
    case 'switch':
    case 'boolean':
      return 'true';
    default:
      return String(Math.max(row.min, 1));
  }
}

/** The option as on a command line. */
function typeOption({ row }: Option): string[] {
  if (row.kind === 'switch' || row.kind === 'boolean') return [`--${row.flag}`];
  return [`--${row.flag}`, sampleOf(row)];
}

for (const option of everything) {
  const { name, row } = option;
  test(`--${row.flag} of ${row.on.join(', ')} is a sound row that parses`, () => {
    assert.match(row.flag, /^[a-z][a-z0-9-]*$/);
    assert.ok(!row.flag.startsWith('no-'), 'the name is positive');
    assert.match(row.doc, /^\S.{0,77}[^.\s]$/, 'the doc fits a line and has no full stop');
    assert.ok(row.on.length > 0);
    if (row.default !== null) assert.equal(parseValue(row, String(row.default)), row.default);
    if (row.secret === true) assert.equal(row.kind, 'text', 'only faults of texts never repeat the value');
    const [token = ''] = normaliseArguments(typeOption(option), [option]);
    assert.ok(token.startsWith(`--${row.flag}=`));
    assert.notEqual(parseValue(row, token.slice(row.flag.length + 3)), null);
    if (row.class === undefined) assert.match(name, /^[a-z][A-Za-z0-9]*$/);
    else assert.match(row.why, /^\S.+[^.\s]$/);
  });
}

test('no two options of a command share a spelling', () => {
  for (const command of commands) {
    const spellings = optionsOf(command).flatMap(({ row }) => [
      row.flag,
      ...(row.aliases ?? []),
      ...(row.short === undefined ? [] : [row.short]),
    ]);
    const twice = spellings.filter((spelling, at) => spellings.indexOf(spelling) !== at);
    assert.deepEqual(twice, [], command);
  }
});

test('every group of options is in the type of settings', () => {
  const names = Object.values<Record<string, OwnRow>>(GROUPS).flatMap((rows) => Object.keys(rows));
  assert.deepEqual(names.sort(), Object.keys(OPTIONS).sort());
});

test('environment names are made from flags', () => {
  assert.equal(environmentName(OPTIONS.memFractionStatic), 'QWEN_EMBED_MEM_FRACTION_STATIC');
});

const valueOf = ({ row }: Option) =>
  row.kind === 'switch' || row.kind === 'boolean' ? true : parseValue(row, sampleOf(row));

for (const option of everything) {
  const { row } = option;
  if (row.class === 'accept')
    test(`--${row.flag} is taken with a notice`, () => {
      const notice = judgeOptions([{ option, value: valueOf(option) }]);
      assert.equal(notice, row.isAlways === true ? null : `--${row.flag} has no effect here: ${row.why}`);
    });
  if (row.class === 'reject')
    test(`--${row.flag} is refused with a reason, unless its value is no trouble`, () => {
      const refused =
        row.kind === 'choice' ? row.choices.find((choice) => !row.unless.includes(choice)) : null;
      const value = refused ?? valueOf(option);
      const given = row.unless.includes(JSON.stringify(value)) ? Number(value) + 1 : value;
      assert.throws(() => judgeOptions([{ option, value: given }]), { code: 'OPTIONS_REFUSED', exitCode: 2 });
      for (const harmless of row.unless)
        assert.doesNotThrow(() => judgeOptions([{ option, value: parseValue(row, harmless) }]));
    });
}
