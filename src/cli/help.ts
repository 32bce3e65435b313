// Owns the words of the help: how an option is shown, the examples, what comes after. Pure text; commander lays it out.
import { environmentName, type Option } from '../config/options.ts';
import { renderValue } from '../config/render.ts';
import type { OptionRow } from '../config/rows.ts';

/** `-p, --port N`; other spellings follow in the whole help only, as they are long. */
export function renderTerm(row: OptionRow): string {
  const value = renderValue(row);
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const flag = row.kind === 'boolean' ? `--[no-]${row.flag}` : `--${row.flag}`;
  const shown = isLong(value) ? 'NAME' : value;
  return `${short}${flag}${shown === null ? '' : ` ${shown}`}`;
}

// A long list of choices belongs to the description.
const isLong = (value: string | null): boolean => value !== null && value.length > 28;

export function renderDescription(row: OptionRow): string {
  const value = renderValue(row);
  const notes = [
    ...(value !== null && isLong(value) ? [value.replaceAll('|', ', ')] : []),
    ...(row.aliases === undefined ? [] : [`also ${row.aliases.map((alias) => `--${alias}`).join(', ')}`]),
    ...(row.default === null || row.kind === 'switch' ? [] : [`default: ${String(row.default)}`]),
    ...(row.class === 'accept' ? ['no effect here'] : []),
    ...(row.class === 'reject' ? ['refused'] : []),
  ];
  return notes.length === 0 ? row.doc : `${row.doc} (${notes.join('; ')})`;
}

export function renderExamples(
  examples: readonly (readonly [string, string])[],
  options: readonly Option[],
  showAll: boolean,
): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, doc]) => `  qwen-embed ${command.padEnd(width)}  ${doc}`);
  const hidden = options.filter(({ row }) => row.rare === true).length;
  return [
    'Examples:',
    ...lines,
    ...renderEnvironment(options),
    ...(showAll || hidden === 0 ? [] : [`--help-all lists ${String(hidden)} more options.`]),
  ].join('\n');
}

function renderEnvironment([first]: readonly Option[]): string[] {
  if (first === undefined) return [];
  const example = `--${first.row.flag} from ${environmentName(first.row)}`;
  return ['', `Every option is also read from the environment, such as ${example}.`];
}
