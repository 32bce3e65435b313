// Owns how settings that a program gives become whole: what it leaves out has its default, what it gives is held to the
// row of the table that the command line is held to. Pure; neither the environment nor a file is read.
import { Fault } from '../faults.ts';
import { defaultsOf, optionsOf, type JsonValue, type Option, type Settings } from './options.ts';
import { parseValue } from './parse-value.ts';
import type { CommandName, OptionRow } from './rows.ts';

/** Some of a command's settings; `undefined` is as good as absent. */
export type SomeSettings<Command extends CommandName> = {
  [Name in keyof Settings<Command>]?: Settings<Command>[Name] | undefined;
};

/** Faults: BAD_OPTION for a name that the command does not know, and for a value that its row does not allow. */
export function completeSettings<Command extends CommandName>(
  command: Command,
  some: SomeSettings<Command>,
): Settings<Command> {
  const known = new Map(optionsOf(command).map((option) => [option.name, option]));
  const given = Object.entries(some as Readonly<Record<string, unknown>>)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, checkValue(findOption(known, name), value)]);
  return { ...defaultsOf(command), ...Object.fromEntries(given) } as Settings<Command>;
}

function findOption(known: ReadonlyMap<string, Option>, name: string): OptionRow {
  const row = known.get(name)?.row;
  if (row !== undefined && row.class === undefined) return row;
  const hint = 'settings are named as the options are, in camel case: modelPath, port';
  throw new Fault('BAD_OPTION', { option: name, problem: 'there is no such setting', hint });
}

/** What a value of each kind is in a program; lists and JSON are not told by their type. */
const TYPES: Partial<Record<OptionRow['kind'], string>> = {
  text: 'string',
  choice: 'string',
  integer: 'number',
  human: 'number',
  number: 'number',
  switch: 'boolean',
  boolean: 'boolean',
};

function checkValue(row: OptionRow, value: unknown): JsonValue {
  if (value === null && row.default === null) return null;
  const type = TYPES[row.kind];
  if (type !== undefined && typeof value !== type)
    throw new Fault('BAD_OPTION', {
      option: `--${row.flag}`,
      problem: `wants a ${type}`,
      hint: row.doc,
    });
  return parseValue(row, type === undefined ? JSON.stringify(value) : String(value));
}
