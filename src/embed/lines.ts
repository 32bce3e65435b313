// The lines of a UTF-8 file, plain or .gz, one at a time. A line ends at \n only: U+2028, which Node's readline takes for
// an end, is legal inside a JSON string.
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { Fault } from '../faults.ts';

export interface Line {
  text: string;
  /** From 1. */
  number: number;
}

/** The path that means standard input. */
export const STDIN = '-';

const NEWLINE = 0x0a;
/** A line beyond this is no text to embed but a file of another kind. */
const LONGEST_LINE_BYTES = 64 * 2 ** 20;

/** Bytes of a file, unpacked if its name ends in .gz; of standard input for STDIN. */
export function openBytes(path: string): Readable {
  if (path === STDIN) return process.stdin;
  const file = createReadStream(path, { highWaterMark: 2 ** 18 });
  if (!path.endsWith('.gz')) return file;
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

/** Faults: FILE_UNREADABLE for what is no text, and for what cannot be read. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 0;
  let open: Buffer[] = [];
  let openSize = 0;
  const finish = (end: Buffer): Line => {
    const bytes = open.length === 0 ? end : Buffer.concat([...open, end]);
    open = [];
    openSize = 0;
    return { text: decode(bytes, path, ++number), number };
  };
  for await (const chunk of guardReading(openBytes(path), path)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start === chunk.length) continue;
    openSize += chunk.length - start;
    if (openSize > LONGEST_LINE_BYTES)
      throw unreadable(path, `line ${String(number + 1)} has more than ${String(LONGEST_LINE_BYTES)} bytes`);
    open.push(chunk.subarray(start));
  }
  if (open.length > 0) yield finish(Buffer.alloc(0));
}

function decode(bytes: Buffer, path: string, number: number): string {
  if (!isUtf8(bytes)) throw unreadable(path, `line ${String(number)} is not UTF-8`);
  const text = bytes.toString();
  const start = number === 1 && text.startsWith('\ufeff') ? 1 : 0;
  return text.slice(start, text.endsWith('\r') ? -1 : undefined);
}

/** The chunks of a stream; what the system says becomes a fault that names the file. */
async function* guardReading(stream: Readable, path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  } finally {
    stream.destroy();
  }
}

export function unreadable(path: string, problem: string): Fault {
  return new Fault('FILE_UNREADABLE', { path, problem, hint: 'check the file and --input-format' });
}
