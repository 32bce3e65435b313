// THE table of options: those that have an effect here, by group, and the type of what they yield. Commander's options,
// environment names, help, completions, docs/commands.md and docs/flags.md derive from it.
//
// To add an option: add a row to the group in options/ that it belongs to (a new group is a new file and a line in GROUPS),
// read it as `settings.name`, show its effect in a test, run `npm run docs`. A row says what a value looks like, never
// what the machine does with it; `rare: true` keeps it out of the short help. When a flag of SGLang's gets an effect, its
// line in sglang/ goes and a row comes here; a test fails while it is in both places.
import { ACCESS } from './options/access.ts';
import { CLIENT } from './options/client.ts';
import { CONVERSION } from './options/conversion.ts';
import { DEVICES } from './options/devices.ts';
import { DOWNLOAD } from './options/download.ts';
import { FILES } from './options/files.ts';
import { LOAD } from './options/load.ts';
import { LOGS } from './options/logs.ts';
import { MODEL } from './options/model.ts';
import { NETWORK } from './options/network.ts';
import { OUTPUT } from './options/output.ts';
import { REQUESTS } from './options/requests.ts';
import { SETTINGS } from './options/settings.ts';
import type { CommandName, OptionRow, OwnRow } from './rows.ts';
import { SGLANG_TOPICS } from './sglang.ts';

/** Title in the help -> rows, in the order of the help. */
export const GROUPS = {
  Model: MODEL,
  Download: DOWNLOAD,
  Network: NETWORK,
  'Keys and certificates': ACCESS,
  Devices: DEVICES,
  Requests: REQUESTS,
  Conversion: CONVERSION,
  Files: FILES,
  Server: CLIENT,
  Load: LOAD,
  'Logs and metrics': LOGS,
  Output: OUTPUT,
  Settings: SETTINGS,
} as const;

/** What is in each member of a union, as one. */
type All<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer Whole) => void
  ? Whole
  : never;

type Options = All<(typeof GROUPS)[keyof typeof GROUPS]>;

/** The rows of all groups by name. */
export const OPTIONS = Object.assign({}, ...Object.values(GROUPS)) as Options;

type OptionName = keyof Options;

type ItemOf<Of> = Of extends 'text' ? string : number;

type KindValue<Row extends OwnRow> = Row extends { kind: 'switch' | 'boolean' }
  ? boolean
  : Row extends { kind: 'integer' | 'human' | 'number' }
    ? number
    : Row extends { kind: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice
      : Row extends { kind: 'list'; of: infer Of }
        ? readonly ItemOf<Of>[]
        : Row extends { kind: 'json' }
          ? JsonValue
          : string;

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The value that a row yields: never null when the row has a default. */
type OptionValue<Row extends OwnRow> = Row extends { default: null } ? KindValue<Row> | null : KindValue<Row>;

/** doctor takes what launch takes: it looks at what that launch would do. */
type TakenFrom<Command extends CommandName> = Command extends 'doctor' ? 'launch' : Command;

/** All options of one command that have an effect, parsed. */
export type Settings<Command extends CommandName> = {
  [
    Name in OptionName as TakenFrom<Command> & Options[Name]['on'][number] extends never ? never : Name
  ]: OptionValue<Options[Name]>;
};

/** A row with its place: `name` is its key in `Settings`, or the flag itself where it has none. */
export interface Option {
  name: string;
  group: string;
  row: OptionRow;
}

const ALL: readonly Option[] = [
  ...Object.entries<Record<string, OwnRow>>(GROUPS).flatMap(([group, rows]) =>
    Object.entries(rows).map(([name, row]) => ({ name, group, row })),
  ),
  ...SGLANG_TOPICS.flatMap(({ title, rows }) => rows.map((row) => ({ name: row.flag, group: title, row }))),
];

/** Every option that a command takes, with effect or without, in the table's order. */
export function optionsOf(command: CommandName): Option[] {
  const from = command === 'doctor' ? 'launch' : command;
  return ALL.filter(({ row }) => row.on.includes(from));
}

/** What a command does when nothing is given. */
export function defaultsOf<Command extends CommandName>(command: Command): Settings<Command> {
  const own = optionsOf(command).filter(({ row }) => row.class === undefined);
  return Object.fromEntries(own.map(({ name, row }) => [name, row.default])) as Settings<Command>;
}

/** QWEN_EMBED_PORT for --port: the environment name of an option. */
export function environmentName({ flag }: Pick<OptionRow, 'flag'>): string {
  return `QWEN_EMBED_${flag.replaceAll('-', '_').toUpperCase()}`;
}
