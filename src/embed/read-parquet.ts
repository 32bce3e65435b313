// Rows of a Parquet file, a row group at a time. The only reader that knows the library.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { unreadable } from './lines.ts';
import type { Row } from './row.ts';

/** A row group may be a million rows; this many are held at once. */
const ROWS_AT_ONCE = 4096;

/** Faults: FILE_UNREADABLE. */
export async function* readParquet(path: string): AsyncGenerator<Row> {
  const file = await guard(path, () => asyncBufferFromFile(path));
  const metadata = await guard(path, () => parquetMetadataAsync(file));
  const rowCount = Number(metadata.num_rows);
  for (let rowStart = 0; rowStart < rowCount; rowStart += ROWS_AT_ONCE) {
    const rowEnd = Math.min(rowCount, rowStart + ROWS_AT_ONCE);
    const read = { file, metadata, compressors, rowStart, rowEnd };
    const rows = await guard(path, () => parquetReadObjects(read));
    for (const [index, fields] of rows.entries())
      yield { fields, json: null, place: `${path}, row ${String(rowStart + index + 1)}` };
  }
}

async function guard<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
}
