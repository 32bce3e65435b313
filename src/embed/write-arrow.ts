// Rows as an Arrow IPC file (Feather v2): the input's fields as nullable columns, the vector as a fixed-size list of
// float32. The only writer that knows the library.
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import {
  Bool,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int64,
  makeBuilder,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
  makeData,
  type Data,
  type DataType,
} from 'apache-arrow';

import { columnValue, type ColumnKind } from './columns.ts';
import type { OutputRow, OutputShape } from './outputs.ts';

/** Values of vectors in one record batch: 4 MB. */
const BATCH_VALUES = 2 ** 20;

const TYPES: Record<ColumnKind, () => DataType> = {
  empty: () => new Utf8(),
  boolean: () => new Bool(),
  integer: () => new Int64(),
  number: () => new Float64(),
  time: () => new TimestampMillisecond(),
  text: () => new Utf8(),
  json: () => new Utf8(),
};

export async function writeArrow(
  path: string,
  rows: AsyncIterable<OutputRow>,
  shape: OutputShape,
): Promise<void> {
  const writer = new RecordBatchFileWriter();
  const schema = new Schema(listFields(shape));
  writer.reset(undefined, schema);
  const written = pipeline(writer.toNodeStream(), createWriteStream(path));
  // A disk that fails shows here, while the loop below waits for nothing.
  written.catch(() => undefined);
  const batchRows = Math.max(1, Math.floor(BATCH_VALUES / shape.dimensions));
  let group: OutputRow[] = [];
  for await (const { row, vector } of rows) {
    group.push({ row, vector: vector?.slice() ?? null });
    if (group.length < batchRows) continue;
    writer.write(takeBatch(group, schema, shape));
    group = [];
  }
  if (group.length > 0) writer.write(takeBatch(group, schema, shape));
  writer.finish();
  await written;
}

function listFields({ columns, dimensions, vectorField }: OutputShape): Field[] {
  const fields = [...columns].map(([name, kind]) => new Field(name, TYPES[kind](), true));
  const list = new FixedSizeList(dimensions, new Field('item', new Float32(), false));
  return [...fields, new Field(vectorField, list, true)];
}

function takeBatch(group: readonly OutputRow[], schema: Schema, { columns }: OutputShape): RecordBatch {
  const builders = schema.fields.map((field) => {
    const type = field.type as DataType;
    return makeBuilder({ type, nullValues: [null, undefined] });
  });
  const kinds = [...columns];
  for (const { row, vector } of group)
    for (const [index, builder] of builders.entries()) {
      const column = kinds[index];
      builder.append(column === undefined ? vector : columnValue(column[1], row.fields[column[0]]));
    }
  const children = builders.map((builder) => builder.finish().flush() as Data);
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: group.length, children }),
  );
}
