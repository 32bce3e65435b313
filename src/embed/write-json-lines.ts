// Rows as JSONL: the row as it came and one member more, the vector as shortest decimals of its float32 values.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { MAX_FLOAT_BYTES, writeFloats } from '../float-text.ts';
import { renderJson } from './columns.ts';
import type { OutputRow, OutputShape } from './outputs.ts';

/** Bytes that are handed to the stream at once. */
const BLOCK_BYTES = 2 ** 18;

export async function writeJsonLines(
  path: string,
  rows: AsyncIterable<OutputRow>,
  { vectorField }: OutputShape,
): Promise<void> {
  await pipeline(Readable.from(renderBlocks(rows, vectorField)), createWriteStream(path));
}

async function* renderBlocks(rows: AsyncIterable<OutputRow>, vectorField: string): AsyncGenerator<Buffer> {
  let lines: Buffer[] = [];
  let sizeBytes = 0;
  for await (const row of rows) {
    const line = renderJsonLine(row, vectorField);
    lines.push(line);
    sizeBytes += line.length;
    if (sizeBytes < BLOCK_BYTES) continue;
    yield Buffer.concat(lines);
    lines = [];
    sizeBytes = 0;
  }
  yield Buffer.concat(lines);
}

/** One line with its end. */
export function renderJsonLine({ row, vector }: OutputRow, vectorField: string): Buffer {
  const object = row.json ?? renderJson(row.fields);
  const inside = object.slice(0, object.lastIndexOf('}')).trimEnd();
  const comma = inside.endsWith('{') ? '' : ',';
  const head = `${inside}${comma}${JSON.stringify(vectorField)}:`;
  if (vector === null) return Buffer.from(`${head}null}\n`);
  const line = Buffer.allocUnsafe(3 * head.length + vector.length * MAX_FLOAT_BYTES + 4);
  let end = line.write(`${head}[`);
  end = writeFloats(vector, line, end);
  end += line.write(']}\n', end);
  return line.subarray(0, end);
}
