// Rows as Parquet: the input's fields as nullable columns, the vector as a LIST of FLOAT. The only writer that knows the
// library.
import type { SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';

import { columnValue, type ColumnKind, type Columns } from './columns.ts';
import type { OutputRow, OutputShape } from './outputs.ts';

/** Values of vectors in one row group: 64 MB. */
const GROUP_VALUES = 2 ** 24;
const MOST_GROUP_ROWS = 50_000;

const ELEMENTS: Record<ColumnKind, Omit<SchemaElement, 'name'>> = {
  empty: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

export async function writeParquet(
  path: string,
  rows: AsyncIterable<OutputRow>,
  { dimensions, columns, vectorField }: OutputShape,
): Promise<void> {
  const writer = new ParquetWriter({ writer: fileWriter(path), schema: renderSchema(columns, vectorField) });
  const groupRows = Math.min(MOST_GROUP_ROWS, Math.max(1, Math.floor(GROUP_VALUES / dimensions)));
  let group: OutputRow[] = [];
  const flush = async (): Promise<void> => {
    await writer.write({ columnData: takeColumns(group, columns, vectorField), rowGroupSize: groupRows });
    group = [];
  };
  for await (const { row, vector } of rows) {
    group.push({ row, vector: vector?.slice() ?? null });
    if (group.length === groupRows) await flush();
  }
  if (group.length > 0) await flush();
  await writer.finish();
}

function takeColumns(
  group: readonly OutputRow[],
  columns: Columns,
  vectorField: string,
): Parameters<ParquetWriter['write']>[0]['columnData'] {
  const fields = [...columns].map(([name, kind]) => ({
    name,
    data: group.map(({ row }) => columnValue(kind, row.fields[name])),
  }));
  // Vectors share no values and hardly compress: plain floats read fastest.
  const data = group.map(({ vector }) => (vector === null ? null : Array.from(vector)));
  return [
    ...fields,
    { name: vectorField, data, encoding: 'PLAIN', codec: 'UNCOMPRESSED', statistics: false },
  ];
}

function renderSchema(columns: Columns, vectorField: string): SchemaElement[] {
  const fields = [...columns].map(([name, kind]): SchemaElement => ({
    name,
    repetition_type: 'OPTIONAL',
    ...ELEMENTS[kind],
  }));
  return [
    { name: 'schema', num_children: fields.length + 1 },
    ...fields,
    { name: vectorField, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
  ];
}
