// Where the inputs of a load come from: made-up texts or token ids of drawn lengths, or the lines of a file.
// Inputs leave as JSON, ready to be pasted into a body: during a run there is no time for more.
import { Fault } from '../faults.ts';
import { takeLength, type Lengths } from './lengths.ts';
import type { Random } from './random.ts';
import { WORDS } from './words.ts';

/** The next input as JSON: a string or an array of token ids. Never ends. */
export type InputSource = () => string;

export type Inputs =
  | { kind: 'words'; lengths: Lengths; prefix: string }
  | { kind: 'ids'; lengths: Lengths }
  /** Already JSON; in order, and from the start again when used up. */
  | { kind: 'lines'; lines: readonly string[] };

/** Ids below this are tokens in every vocabulary in use, and no special ones in Qwen's. */
const IDS_END = 1000;

export function makeSource(inputs: Inputs, random: Random): InputSource {
  switch (inputs.kind) {
    case 'words': {
      const start = `"${encodeInside(inputs.prefix)}`;
      return () => `${start}${makeWords(takeLength(inputs.lengths, random), random)}"`;
    }
    case 'ids':
      return () => `[${makeIds(takeLength(inputs.lengths, random), random)}]`;
    case 'lines': {
      let next = 0;
      return () => inputs.lines[next++ % inputs.lines.length] ?? '""';
    }
  }
}

function makeWords(count: number, random: Random): string {
  let text = '';
  for (let i = 0; i < count; i++) text += `${i === 0 ? '' : ' '}${WORDS[pick(WORDS.length, random)] ?? ''}`;
  return text;
}

function makeIds(count: number, random: Random): string {
  let ids = '';
  for (let i = 0; i < count; i++) ids += `${i === 0 ? '' : ','}${String(pick(IDS_END, random))}`;
  return ids;
}

const pick = (end: number, random: Random): number => Math.floor(random() * end);

const encodeInside = (text: string): string => JSON.stringify(text).slice(1, -1);

export interface LinesOptions {
  send: 'texts' | 'ids';
  prefix: string;
  /** For faults. */
  path: string;
}

/** The lines of an input file: texts, or JSON arrays of token ids. Blank lines do not count. Fault: FILE_UNREADABLE. */
export function parseLines(content: string, { send, prefix, path }: LinesOptions): string[] {
  const lines = content.split(/\r?\n/);
  const parsed = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    if (send === 'texts') return [JSON.stringify(prefix + line)];
    if (/^\s*\[\s*\d+(\s*,\s*\d+)*\s*\]\s*$/.test(line)) return [line.trim()];
    const problem = `line ${String(index + 1)} is not a JSON array of token ids`;
    throw new Fault('FILE_UNREADABLE', { path, problem, hint: 'drop --send ids to send the lines as texts' });
  });
  if (parsed.length > 0) return parsed;
  throw new Fault('FILE_UNREADABLE', {
    path,
    problem: 'has no text',
    hint: 'give a file with one text per line',
  });
}

/** The body of one request around inputs that are JSON already; a single one goes without an array around it. */
export function renderBody(inputs: readonly string[], fields: Record<string, unknown>): string {
  const input = inputs.length === 1 ? inputs[0] : `[${inputs.join(',')}]`;
  return `${JSON.stringify(fields).slice(0, -1)},"input":${input ?? ''}}`;
}
