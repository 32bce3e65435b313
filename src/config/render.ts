// Owns how options are written for people: the tables of docs/commands.md. Pure; derives from the table, says nothing of its own.
import { optionsOf } from './options.ts';
import type { CommandName, OptionRow } from './rows.ts';

/** A Markdown table of the options that people use of a command, in the table's order; docs/flags.md has the rare ones too. */
export function renderOptionsTable(command: CommandName): string {
  const own = optionsOf(command).filter(({ row }) => row.class === undefined && row.rare !== true);
  return [
    '| option | default | |',
    '| --- | --- | --- |',
    ...own.map(({ row }) => renderOptionRow(row)),
  ].join('\n');
}

export function renderOptionRow(row: OptionRow): string {
  return `| ${[renderFlags(row), renderDefault(row), row.doc].join(' | ')} |`;
}

export function renderFlags(row: OptionRow): string {
  const spellings = [row.flag, ...(row.aliases ?? [])].map((flag) => `--${flag}`);
  if (row.short !== undefined) spellings.push(`-${row.short}`);
  const [first = '', ...others] = spellings;
  const value = renderValue(row);
  // A bare bar would end the cell.
  const term = `${first}${value === null ? '' : ` ${value.replaceAll('|', '\\|')}`}`;
  return [`\`${term}\``, ...others.map((flag) => `\`${flag}\``)].join(' ');
}

/** What stands for the value; null where there is none. */
export function renderValue(row: OptionRow): string | null {
  switch (row.kind) {
    case 'switch':
    case 'boolean':
      return null;
    case 'text':
      return row.bare === undefined ? row.value : `[${row.value}]`;
    case 'choice':
      return row.choices.join('|');
    case 'list':
      return row.of === 'text' ? 'TEXT...' : 'N...';
    case 'json':
      return 'JSON';
    default:
      return 'N';
  }
}

function renderDefault(row: OptionRow): string {
  return row.default === null || row.kind === 'switch' ? '' : `\`${String(row.default)}\``;
}
