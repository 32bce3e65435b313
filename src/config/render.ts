// Owns how options are written for people: the README's tables. Pure; derives from the table, says nothing of its own.
import type { CommandName, OptionRow } from './options.ts';
import { optionsOf } from './read.ts';

/** A Markdown table of a command's options, in the table's order. */
export function renderOptionsTable(command: CommandName): string {
  const rows = optionsOf(command).map(([, row]) => [renderFlags(row), renderDefault(row), row.doc]);
  const lines = [['option', 'default', ''], ['---', '---', '---'], ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  return lines.join('\n');
}

function renderFlags(row: OptionRow): string {
  const spellings = [row.flag, ...(row.aliases ?? [])].map((flag) => `--${flag}`);
  if (row.short !== undefined) spellings.push(`-${row.short}`);
  const [first = '', ...others] = spellings;
  const value = row.kind === 'switch' ? '' : ` ${renderValue(row)}`;
  return [`\`${first}${value}\``, ...others.map((flag) => `\`${flag}\``)].join(' ');
}

function renderValue(row: OptionRow): string {
  if (row.kind === 'text') return row.value;
  // A bare bar would end the cell.
  return row.kind === 'choice' ? row.choices.join('\\|') : 'N';
}

function renderDefault(row: OptionRow): string {
  return row.default === null || row.kind === 'switch' ? '' : `\`${String(row.default)}\``;
}
