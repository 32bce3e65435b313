// Owns the way from what was typed to a value: spellings, parsing, ranges. Pure; it touches neither files nor machine.
import { Fault } from '../faults.ts';
import { OPTIONS, type CommandName, type OptionName, type OptionRow } from './options.ts';

/** Name and row of every option of a command, in the table's order. */
export function optionsOf(command: CommandName): [OptionName, OptionRow][] {
  return Object.entries(OPTIONS as Record<OptionName, OptionRow>).filter(([, row]) =>
    row.on.includes(command),
  ) as [OptionName, OptionRow][];
}

/** QWEN_EMBED_PORT for --port: the environment name of an option. */
export function environmentName({ flag }: OptionRow): string {
  return `QWEN_EMBED_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/** Replaces aliases by the table's own flags: `--tp=2` becomes `--tp-size=2`. Stops at `--`. */
export function spellOut(command: CommandName, args: readonly string[]): string[] {
  const spelling = new Map(
    optionsOf(command).flatMap(([, row]) =>
      (row.aliases ?? []).map((alias) => [`--${alias}`, `--${row.flag}`]),
    ),
  );
  const end = args.indexOf('--');
  return args.map((arg, i) => {
    const [name = arg, ...value] = arg.split('=');
    const flag = spelling.get(name);
    return flag === undefined || (end >= 0 && i > end) ? arg : [flag, ...value].join('=');
  });
}

/** The value of an option given as text. Faults: BAD_OPTION. */
export function parseValue(row: OptionRow, text: string): string | number | boolean {
  const option = `--${row.flag}`;
  const refuse = (problem: string): never => {
    throw new Fault('BAD_OPTION', { option, problem, hint: row.doc });
  };
  switch (row.kind) {
    case 'text':
      return text === '' ? refuse('the value is empty') : text;
    case 'choice':
      return row.choices.includes(text)
        ? text
        : refuse(`${JSON.stringify(text)} is not one of ${row.choices.join(', ')}`);
    case 'switch':
      return parseSwitch(text) ?? refuse(`${JSON.stringify(text)} is neither true nor false`);
    default: {
      const value = text.trim() === '' ? NaN : Number(text);
      if (!Number.isFinite(value) || (row.kind === 'integer' && !Number.isInteger(value)))
        return refuse(
          `${JSON.stringify(text)} is not ${row.kind === 'integer' ? 'a whole number' : 'a number'}`,
        );
      return value >= row.min && value <= row.max
        ? value
        : refuse(`${text} is outside ${String(row.min)} to ${String(row.max)}`);
    }
  }
}

// Only the environment gives switches a value.
function parseSwitch(text: string): boolean | null {
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  return ['0', 'false', 'no', 'off', ''].includes(text.toLowerCase()) ? false : null;
}

/** The sentences to show for options that were given although they do nothing here. */
export function collectNotices(command: CommandName, given: (name: OptionName) => boolean): string[] {
  return optionsOf(command)
    .filter(([name, row]) => row.notice !== undefined && given(name))
    .map(([, row]) => `--${row.flag}: ${row.notice ?? ''}`);
}
