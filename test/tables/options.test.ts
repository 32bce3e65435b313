import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIONS, type OptionRow } from '../../src/config/options.ts';
import { environmentName, parseValue } from '../../src/config/read.ts';

const ROWS: [string, OptionRow][] = Object.entries(OPTIONS);

for (const [name, row] of ROWS) {
  test(`--${row.flag} is a sound row`, () => {
    assert.match(name, /^[a-z][A-Za-z]*$/);
    assert.match(row.flag, /^[a-z][a-z0-9-]*$/);
    assert.ok(row.doc.length <= 79, 'the doc fits a line');
    assert.ok(!row.doc.endsWith('.'), 'the doc has no full stop');
    assert.ok(row.on.length > 0);
    if (row.default !== null && row.kind !== 'switch')
      assert.equal(parseValue(row, String(row.default)), row.default, 'the default is a legal value');
  });
}

test('no two options of a command share a spelling', () => {
  for (const command of new Set(ROWS.flatMap(([, row]) => row.on))) {
    const spellings = ROWS.filter(([, row]) => row.on.includes(command)).flatMap(([, row]) => [
      row.flag,
      ...(row.aliases ?? []),
      ...(row.short === undefined ? [] : [row.short]),
    ]);
    assert.equal(new Set(spellings).size, spellings.length, command);
  }
});

test('environment names are made from flags', () => {
  assert.equal(environmentName(OPTIONS.memFractionStatic), 'QWEN_EMBED_MEM_FRACTION_STATIC');
});
