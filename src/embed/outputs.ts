// The formats that vectors go out in: a table of writers, chosen by name or by a file's ending.
// A writer gets rows one after another and makes a whole file under a name of its own; who calls it renames.
import { Fault } from '../faults.ts';
import type { Columns } from './columns.ts';
import type { Row } from './row.ts';
import { writeArrow } from './write-arrow.ts';
import { writeJsonLines } from './write-json-lines.ts';
import { writeNpy } from './write-npy.ts';
import { writeParquet } from './write-parquet.ts';

export interface OutputRow {
  row: Row;
  /** null = this row has no vector. Valid until the next row. */
  vector: Float32Array | null;
}

export interface OutputShape {
  rowCount: number;
  dimensions: number;
  /** Of the input's fields, for formats with typed columns. */
  columns: Columns;
  /** The field that holds the vector. */
  vectorField: string;
}

type WriteOutput = (path: string, rows: AsyncIterable<OutputRow>, shape: OutputShape) => Promise<void>;

interface OutputFormat {
  endings: readonly string[];
  /** Keeps the fields of the input beside the vectors. */
  keepsFields: boolean;
  write: WriteOutput;
}

export const OUTPUT_FORMATS = {
  jsonl: { endings: ['.jsonl', '.ndjson'], keepsFields: true, write: writeJsonLines },
  npy: { endings: ['.npy'], keepsFields: false, write: writeNpy },
  parquet: { endings: ['.parquet', '.pq'], keepsFields: true, write: writeParquet },
  arrow: { endings: ['.arrow', '.feather', '.ipc'], keepsFields: true, write: writeArrow },
} as const satisfies Record<string, OutputFormat>;

export type OutputFormatName = keyof typeof OUTPUT_FORMATS;

/** By the file's ending. Fault: BAD_OPTION where it tells nothing. */
export function outputFormatOf(path: string): OutputFormatName {
  for (const [format, { endings }] of Object.entries<OutputFormat>(OUTPUT_FORMATS))
    if (endings.some((ending) => path.toLowerCase().endsWith(ending))) return format as OutputFormatName;
  throw new Fault('BAD_OPTION', {
    option: `--output ${path}`,
    problem: 'its name does not tell its format',
    hint: `say it: --output-format ${Object.keys(OUTPUT_FORMATS).join('|')}`,
  });
}
