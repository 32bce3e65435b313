// Owns what is said about options that have no effect here: one notice for all that are harmless, one fault that names
// all that cannot be honoured. Pure.
import { Fault } from '../faults.ts';
import type { JsonValue, Option } from './options.ts';
import type { Rejected, Spelling } from './rows.ts';

/** An option that was given, with its parsed value. */
export interface Given {
  option: Option;
  value: JsonValue;
}

/** The notice to show at start, or null. Faults: OPTIONS_REFUSED. */
export function judgeOptions(given: readonly Given[]): string | null {
  const refused = given.flatMap(({ option: { row }, value }) =>
    row.class === 'reject' && !isHarmless(row, value) ? [row] : [],
  );
  if (refused.length > 0)
    throw new Fault('OPTIONS_REFUSED', {
      reasons: groupFlags(refused, ({ why }) => why)
        .map(([why, flags]) => `${flags} (${why})`)
        .join(', '),
      hint: renderHint(refused),
    });
  return renderNotice(given);
}

function renderHint(refused: readonly (Spelling & Rejected)[]): string {
  const groups = groupFlags(refused, ({ instead }) => instead);
  const others = groups.flatMap(([instead, flags]) => (instead === null ? [] : [`${flags}: ${instead}`]));
  const idle = groups.flatMap(([instead, flags]) => (instead === null ? [`leave out ${flags}`] : []));
  return [...others, ...idle].join('; ');
}

/** Flags of which the same is said, in the order of the first of each. */
function groupFlags<Said>(
  rows: readonly (Spelling & Rejected)[],
  say: (row: Rejected) => Said,
): [said: Said, flags: string][] {
  const said = [...new Set(rows.map(say))];
  return said.map((words) => [
    words,
    rows
      .filter((row) => say(row) === words)
      .map(({ flag }) => `--${flag}`)
      .join(', '),
  ]);
}

// Whoever switches off what cannot be on asks for nothing.
const isHarmless = ({ unless }: Rejected, value: JsonValue): boolean =>
  value === false || unless.includes(renderText(value));

const renderText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

function renderNotice(given: readonly Given[]): string | null {
  const idle = given.flatMap(readIdle);
  const [first] = idle;
  if (first === undefined) return null;
  if (idle.length === 1) return `${first.name} has no effect here: ${first.why}`;
  const flags = idle.map(({ name }) => name).join(', ');
  return `${String(idle.length)} flags have no effect here: ${flags} (docs/flags.md says why)`;
}

interface Idle {
  /** As on the command line. */
  name: string;
  why: string;
}

function readIdle({ option: { row }, value }: Given): Idle[] {
  const name = `--${row.flag}`;
  if (row.class === undefined) {
    const why = row.kind === 'choice' ? row.idleChoices?.[renderText(value)] : undefined;
    return why === undefined ? [] : [{ name: `${name} ${renderText(value)}`, why }];
  }
  const isAsked = row.class === 'accept' ? row.isAlways !== true : renderText(value) !== row.unless[0];
  return value !== false && isAsked ? [{ name, why: row.why }] : [];
}
