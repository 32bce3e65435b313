// Owns how a command line is spelt: what was typed becomes one token per option, `--flag=value`, with the table's own
// spelling. The rules are those of Python's argparse, which reads SGLang's command lines: aliases, unambiguous prefixes,
// `--flag value` and `--flag=value`, several values after a list's flag, `--no-` twins. Pure; values are not parsed here.
import { Fault } from '../faults.ts';
import type { Option } from './options.ts';

/** A way to write an option. */
interface Match {
  option: Option;
  isNegated: boolean;
}

interface Occurrence extends Match {
  /** What was typed, without its value. */
  typed: string;
  /** The value after `=` or in the same token as a short flag. */
  inline: string | undefined;
}

/**
 * Options as `--flag=value`, lists as JSON, switches as `--flag=true`. Operands stay as they are, and so do options that
 * are not in the table, without their values: one may be a misspelt secret. Faults: BAD_OPTION.
 */
export function normaliseArguments(args: readonly string[], options: readonly Option[]): string[] {
  const spellings = spellingsOf(options);
  const normal: string[] = [];
  for (let at = 0; at < args.length;) {
    const arg = args[at++] ?? '';
    if (arg === '--') return [...normal, ...args.slice(at - 1)];
    if (isValue(arg, spellings)) {
      normal.push(arg);
      continue;
    }
    const found = findOption(arg, spellings);
    if (found === null) {
      normal.push(arg.replace(/=.*$/s, ''));
      continue;
    }
    const end = endOfValues(found, args, { at, spellings });
    normal.push(`--${found.option.row.flag}=${joinValues(found, args.slice(at, end))}`);
    at = end;
  }
  return normal;
}

/** Every spelling with its dashes. */
function spellingsOf(options: readonly Option[]): Map<string, Match> {
  const spellings = new Map<string, Match>();
  for (const option of options) {
    const { flag, aliases = [], short, kind } = option.row;
    for (const name of [flag, ...aliases]) {
      spellings.set(`--${name}`, { option, isNegated: false });
      if (kind === 'boolean') spellings.set(`--no-${name}`, { option, isNegated: true });
    }
    if (short !== undefined) spellings.set(`-${short}`, { option, isNegated: false });
  }
  return spellings;
}

function isValue(arg: string, spellings: Map<string, Match>): boolean {
  if (!arg.startsWith('-') || arg === '-' || /^-(\d+|\d*\.\d+)$/.test(arg)) return true;
  return arg.includes(' ') && findOption(arg, spellings) === null;
}

function findOption(arg: string, spellings: Map<string, Match>): Occurrence | null {
  const equals = arg.indexOf('=');
  const typed = equals < 0 ? arg : arg.slice(0, equals);
  const inline = equals < 0 ? undefined : arg.slice(equals + 1);
  const exact = spellings.get(typed);
  if (exact !== undefined) return { ...exact, typed, inline };
  if (typed.startsWith('--')) {
    const match = findPrefix(typed, spellings);
    return match === null ? null : { ...match, typed, inline };
  }
  const short = spellings.get(arg.slice(0, 2));
  return short === undefined ? null : { ...short, typed: arg.slice(0, 2), inline: arg.slice(2) };
}

function findPrefix(typed: string, spellings: Map<string, Match>): Match | null {
  const found = [...spellings].filter(([spelling]) => spelling.startsWith(typed));
  const [first] = found;
  if (first === undefined || typed === '--') return null;
  const isOne = found.every(
    ([, { option, isNegated }]) => option === first[1].option && isNegated === first[1].isNegated,
  );
  if (isOne) return first[1];
  throw new Fault('BAD_OPTION', {
    option: typed,
    problem: `may be ${found.map(([spelling]) => spelling).join(', ')}`,
    hint: 'write it out',
  });
}

/** The index after the last value that belongs to the option, from `at` on. */
function endOfValues(
  { option: { row }, inline }: Occurrence,
  args: readonly string[],
  { at, spellings }: { at: number; spellings: Map<string, Match> },
): number {
  if (inline !== undefined || row.kind === 'switch' || row.kind === 'boolean') return at;
  const most = row.kind === 'list' ? Infinity : 1;
  let end = at;
  while (end < args.length && end - at < most && isValue(args[end] ?? '', spellings)) end++;
  return end;
}

function joinValues(
  { option: { row }, typed, inline, isNegated }: Occurrence,
  after: readonly string[],
): string {
  const refuse = (problem: string, hint: string) => new Fault('BAD_OPTION', { option: typed, problem, hint });
  if (row.kind === 'switch' || row.kind === 'boolean') {
    if (inline !== undefined) throw refuse('takes no value', `write ${typed} alone, or leave it out`);
    return String(!isNegated);
  }
  const values = inline === undefined ? after : [inline];
  if (row.kind === 'list' && values.length >= row.least) return JSON.stringify(values);
  const value = values[0] ?? (row.kind === 'text' ? row.bare : undefined);
  if (value === undefined) throw refuse('the value is missing', row.doc);
  return value;
}

/** A normalised command line in which secrets read `***`. */
export function maskSecrets(args: readonly string[], options: readonly Option[]): string[] {
  const secrets = options.flatMap(({ row }) => (row.secret === true ? [`--${row.flag}=`] : []));
  return args.map((arg) => {
    const secret = secrets.find((prefix) => arg.startsWith(prefix));
    return secret === undefined ? arg : `${secret}***`;
  });
}
