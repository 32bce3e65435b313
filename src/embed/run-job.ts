// A job of files: looks through the rows once, embeds what is not embedded yet, then writes the whole output and renames
// it. Everything up to the rename can be interrupted at any moment and gone on with.
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';

import { Fault } from '../faults.ts';
import { widenColumns, type ColumnKind } from './columns.ts';
import { INPUT_FORMATS, type InputFormatName } from './inputs.ts';
import { OUTPUT_FORMATS, type OutputFormatName, type OutputRow, type OutputShape } from './outputs.ts';
import { embedInOrder, type EmbedTexts } from './requests.ts';
import type { PickText, Row } from './row.ts';
import { rangeOf, type RowRange, type Shard } from './shard.ts';
import { VectorsFile } from './vectors-file.ts';
import { openWorkFolder, type JobDescription, type WorkFolder } from './work-folder.ts';

export interface EmbedJob {
  /** In this order; null = standard input. */
  inputs: readonly { path: string | null; format: InputFormatName }[];
  pick: PickText;
  shard: Shard;
  output: { path: string; format: OutputFormatName; vectorField: string };
  /** What else makes it the same job: the text choice, the model, the request's options. */
  description: JobDescription;
  embed: EmbedTexts;
  dimensions: number;
  onRefusal: 'stop' | 'skip';
  batchTexts: number;
  inFlight: number;
  overwrite: boolean;
  restart: boolean;
  stdin: Readable;
  signal: AbortSignal;
  report: (event: JobEvent) => void;
}

export type JobEvent =
  | { event: 'scanned'; rowCount: number }
  /** `rowsDone` of an earlier run are not done again. */
  | { event: 'resumed'; rowsDone: number }
  | { event: 'embedded'; rowsDone: number; rowCount: number }
  | { event: 'skipped'; place: string; problem: string }
  | { event: 'written'; path: string };

export interface JobResult {
  path: string;
  rowCount: number;
  /** Rows without a vector: empty texts and refused ones. */
  withoutVector: number;
  /** Rows that an earlier run had embedded. */
  resumedRows: number;
}

/** Faults: BAD_OPTION, FILE_UNREADABLE, FILE_UNWRITABLE, ROW_UNFIT, TEXT_REFUSED, those of the embedder; CANCELLED. */
export async function runJob(job: EmbedJob): Promise<JobResult> {
  const { output } = job;
  if (existsSync(output.path) && !job.overwrite)
    throw new Fault('BAD_OPTION', {
      option: `--output ${output.path}`,
      problem: 'exists',
      hint: 'choose another name, or replace it with --overwrite',
    });
  const folder = await openWorkFolder(output.path, { job: describe(job), restart: job.restart });
  let isDone = false;
  try {
    const source = await openSource(job, folder);
    const result = await embedAndWrite(job, folder, source);
    isDone = true;
    return result;
  } finally {
    folder.close({ remove: isDone });
  }
}

/** The rows of this job's part, to be read more than once. */
type Source = (range: RowRange) => AsyncGenerator<Row>;

async function openSource(job: EmbedJob, folder: WorkFolder): Promise<Source> {
  const files: { path: string; format: InputFormatName }[] = [];
  for (const { path, format } of job.inputs)
    files.push({ path: path ?? (await folder.keepInput(job.stdin)), format });
  return async function* ({ start, end }) {
    let index = 0;
    for (const { path, format } of files)
      for await (const row of INPUT_FORMATS[format].read(path)) {
        if (index >= end) return;
        if (job.signal.aborted) throw new Fault('CANCELLED', {});
        if (index++ >= start) yield row;
      }
  };
}

async function embedAndWrite(job: EmbedJob, folder: WorkFolder, source: Source): Promise<JobResult> {
  const { dimensions, output, report } = job;
  const { rowCount, start, columns } = await scan(job, source);
  const range = { start, end: start + rowCount };
  report({ event: 'scanned', rowCount });
  const vectors = await VectorsFile.open(folder.vectorsPath, dimensions);
  try {
    const resumedRows = vectors.rows;
    if (resumedRows > 0) report({ event: 'resumed', rowsDone: resumedRows });
    await embedRest(job, vectors, { source, range });
    const found = { withoutVector: 0 };
    const rows = pair(job, vectors, { rows: source(range), rowCount, found });
    const shape = { rowCount, dimensions, columns, vectorField: output.vectorField };
    await writeWhole(output, rows, shape);
    report({ event: 'written', path: output.path });
    return { path: output.path, rowCount, resumedRows, ...found };
  } finally {
    await vectors.close();
  }
}

/** A row that does not fit is told before hours of work, not after them. */
async function scan(
  job: EmbedJob,
  source: Source,
): Promise<{ rowCount: number; start: number; columns: Map<string, ColumnKind> }> {
  const columns = new Map<string, ColumnKind>();
  const whole = { start: 0, end: Infinity };
  const range = job.shard.count === 1 ? whole : rangeOf(job.shard, await count(source(whole)));
  let rowCount = 0;
  for await (const row of source(range)) {
    checkRow(job, row);
    if (OUTPUT_FORMATS[job.output.format].keepsFields) widenColumns(columns, row.fields);
    rowCount++;
  }
  return { rowCount, start: range.start, columns };
}

function checkRow({ pick, onRefusal, output }: EmbedJob, row: Row): void {
  const { fields, place } = row;
  if (pick(row) === null && onRefusal === 'stop')
    throw new Fault('TEXT_REFUSED', { problem: 'it is empty', place });
  if (OUTPUT_FORMATS[output.format].keepsFields && Object.hasOwn(fields, output.vectorField))
    throw new Fault('ROW_UNFIT', {
      place,
      problem: `has a field ${JSON.stringify(output.vectorField)} already`,
      hint: 'give the vectors another name: --vector-field NAME',
    });
}

async function count(rows: AsyncIterable<unknown>): Promise<number> {
  const source = rows[Symbol.asyncIterator]();
  let total = 0;
  while ((await source.next()).done !== true) total++;
  return total;
}

async function embedRest(
  job: EmbedJob,
  vectors: VectorsFile,
  { source, range }: { source: Source; range: RowRange },
): Promise<void> {
  const rowCount = range.end - range.start;
  const onRefusal = ({ place }: Row, problem: string): void => {
    if (job.onRefusal === 'stop') throw new Fault('TEXT_REFUSED', { problem, place });
    job.report({ event: 'skipped', place, problem });
  };
  const rest = source({ start: range.start + vectors.rows, end: range.end });
  for await (const batch of embedInOrder(rest, { ...job, textOf: job.pick, onRefusal })) {
    await vectors.append(batch.map(({ vector }) => vector));
    job.report({ event: 'embedded', rowsDone: vectors.rows, rowCount });
  }
}

interface Pairing {
  rows: AsyncIterable<Row>;
  rowCount: number;
  found: { withoutVector: number };
}

/** An output says beforehand how many rows it has: an input that came to others while the job ran gives none. */
async function* pair(
  { inputs }: EmbedJob,
  vectors: VectorsFile,
  { rows, rowCount, found }: Pairing,
): AsyncGenerator<OutputRow> {
  const source = vectors.read();
  let paired = 0;
  for await (const row of rows) {
    const next = await source.next();
    if (next.done === true) break;
    paired++;
    if (next.value === null) found.withoutVector++;
    yield { row, vector: next.value };
  }
  if (paired === rowCount) return;
  throw new Fault('FILE_UNREADABLE', {
    path: inputs.map(({ path }) => path ?? 'standard input').join(', '),
    problem: `had ${String(rowCount)} rows when the job began, now ${String(paired)}`,
  });
}

async function writeWhole(
  { path, format }: EmbedJob['output'],
  rows: AsyncIterable<OutputRow>,
  shape: OutputShape,
): Promise<void> {
  const unfinished = `${path}.unfinished`;
  try {
    await OUTPUT_FORMATS[format].write(unfinished, rows, shape);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    if (error instanceof Fault) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new Fault('FILE_UNWRITABLE', { path, problem }, { cause: error });
  }
}

/** An input that changed between two runs would give rows that fit neither. */
function describe({ inputs, shard, output, description, dimensions }: EmbedJob): JobDescription {
  return {
    ...description,
    dimensions,
    shard: `${String(shard.index)}/${String(shard.count)}`,
    vectorField: output.vectorField,
    inputs: inputs.map(({ path, format }) => ({
      format,
      ...(path === null ? { path: '-' } : stampOf(path)),
    })),
  };
}

function stampOf(path: string): { path: string; sizeBytes: number; modifiedMs: number } {
  try {
    const { size, mtimeMs } = statSync(path);
    return { path, sizeBytes: size, modifiedMs: mtimeMs };
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', {
      path,
      problem: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error),
    });
  }
}
