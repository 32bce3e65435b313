// The formats that texts come in: a table of readers, chosen by name or by a file's ending.
// A reader gives rows one after another in the file's order and holds no more than a piece of the file.
import { pipeline } from 'node:stream';

import { parse, type Options } from 'csv-parse';

import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';
import { openBytes, readLines, unreadable } from './lines.ts';
import { readParquet } from './read-parquet.ts';
import type { Row } from './row.ts';

interface InputFormat {
  /** Endings of file names, a `.gz` after them not counted. */
  endings: readonly string[];
  read: (path: string) => AsyncIterable<Row>;
}

/** The field that a line of plain text and a JSON string are found under. */
export const LINE_FIELD = 'text';

export const INPUT_FORMATS = {
  jsonl: { endings: ['.jsonl', '.ndjson'], read: readJsonLines },
  csv: { endings: ['.csv'], read: (path) => readTable(path, { delimiter: ',' }) },
  tsv: {
    endings: ['.tsv', '.tab'],
    read: (path) => readTable(path, { delimiter: '\t', quote: null, cast: readCell }),
  },
  parquet: { endings: ['.parquet', '.pq'], read: readParquet },
  text: { endings: ['.txt', '.text'], read: readTextLines },
} as const satisfies Record<string, InputFormat>;

export type InputFormatName = keyof typeof INPUT_FORMATS;

/** By the file's ending. Fault: BAD_OPTION where it tells nothing. */
export function inputFormatOf(path: string): InputFormatName {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  for (const [format, { endings }] of Object.entries<InputFormat>(INPUT_FORMATS))
    if (endings.some((ending) => name.endsWith(ending))) return format as InputFormatName;
  throw new Fault('BAD_OPTION', {
    option: path,
    problem: 'its name does not tell its format',
    hint: `say it: --input-format ${Object.keys(INPUT_FORMATS).join('|')}`,
  });
}

async function* readTextLines(path: string): AsyncGenerator<Row> {
  for await (const { text, number } of readLines(path))
    yield { fields: { [LINE_FIELD]: text }, json: null, place: placeOf(path, number) };
}

async function* readJsonLines(path: string): AsyncGenerator<Row> {
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === '') continue;
    const place = placeOf(path, number);
    const value = parseJson(text, place);
    if (typeof value === 'string') yield { fields: { [LINE_FIELD]: value }, json: null, place };
    else if (isObject(value)) yield { fields: value, json: text.trim(), place };
    else throw notARow(place, 'is JSON, but neither an object nor a string');
  }
}

async function* readTable(
  path: string,
  dialect: Pick<Options, 'delimiter' | 'quote' | 'cast'>,
): AsyncGenerator<Row> {
  const columns = (names: string[]): string[] => checkNames(path, names);
  const parser = parse({ bom: true, columns, info: true, ...dialect });
  // Errors of every part reach whoever reads the last one.
  const rows = pipeline(openBytes(path), parser, () => undefined);
  const source = rows as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>;
  try {
    for await (const { record, info } of source)
      yield { fields: record, json: null, place: placeOf(path, info.lines) };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

// In TSV a quote is a letter like others and every line a row. Spreadsheets put cells in quotes all the same, and double
// those inside.
function readCell(cell: string): string {
  if (cell.length < 2 || !cell.startsWith('"') || !cell.endsWith('"')) return cell;
  const inner = cell.slice(1, -1);
  return inner.replaceAll('""', '').includes('"') ? cell : inner.replaceAll('""', '"');
}

// Of two columns of one name a row would keep the second alone. Spreadsheets write empty ones without name.
function checkNames(path: string, names: string[]): string[] {
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) < i);
  if (twice === undefined) return names;
  throw unreadable(path, `two columns have the name ${JSON.stringify(twice)}`);
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notARow(place, 'is not JSON');
  }
}

const placeOf = (path: string, line: number): string => `${path}, line ${String(line)}`;

function notARow(place: string, problem: string): Fault {
  return new Fault('ROW_UNFIT', { place, problem, hint: 'every line of a JSONL file is one JSON object' });
}
