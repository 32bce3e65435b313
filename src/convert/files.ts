// Reading small things from disk for the converter: parts of a file, whole JSON files, each with a limit.
// Every failure leaves here as a Fault with the path in it; what the content means is not known here.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

import { Fault } from '../faults.ts';

export type JsonObject = Record<string, unknown>;

// tokenizer.json of the Qwen3 models is 11 MB; the safetensors format allows headers up to this size too.
export const JSON_LIMIT_BYTES = 100_000_000;
// Nothing here nests deeper than about ten levels. V8 keeps ~50 bytes per open bracket, so 100 MB of them is memory.
const JSON_LIMIT_DEPTH = 200;

/** Descriptor of a regular file, to be closed by the caller. Pipes are refused before an open would hang on them. */
export function openRegularFile(path: string): number {
  return orUnreadable(path, () => {
    if (!statSync(path).isFile()) throw new Fault('FILE_UNREADABLE', { path, problem: 'is not a file' });
    return openSync(path, 'r');
  });
}

/** Bytes of an open file; fewer than asked for only at its end. */
export function readAt(
  path: string,
  descriptor: number,
  { offset, sizeBytes }: { offset: number; sizeBytes: number },
): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let done = 0;
  while (done < sizeBytes) {
    const count = orUnreadable(path, () =>
      readSync(descriptor, bytes, done, sizeBytes - done, offset + done),
    );
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** The whole of a small file, or null when there is none. */
export function readSmallFile(path: string): Buffer | null {
  if (!isFile(path)) return null;
  const descriptor = openRegularFile(path);
  try {
    const sizeBytes = fstatSync(descriptor).size;
    if (sizeBytes > JSON_LIMIT_BYTES)
      throw unreadable(path, `has more than ${String(JSON_LIMIT_BYTES)} bytes`);
    return readAt(path, descriptor, { offset: 0, sizeBytes });
  } finally {
    closeSync(descriptor);
  }
}

/** A JSON file's value, or undefined when there is no such file. Faults: FILE_UNREADABLE, also for bad JSON. */
export function readJsonFile(path: string): unknown {
  const bytes = readSmallFile(path);
  if (bytes === null) return undefined;
  const parsed = parseJson(bytes);
  if (parsed === undefined) throw unreadable(path, 'is not valid JSON');
  return parsed;
}

/** Like `readJsonFile`, for files that must hold an object. */
export function readJsonObject(path: string): JsonObject | undefined {
  const value = readJsonFile(path);
  if (value === undefined || isObject(value)) return value;
  throw unreadable(path, 'is not a JSON object');
}

/** Undefined for anything that is not JSON or nests absurdly deep. */
export function parseJson(bytes: Buffer): unknown {
  if (nestsTooDeep(bytes)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function nestsTooDeep(bytes: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) inString = !inString;
    else if (inString) i += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > JSON_LIMIT_DEPTH) return true;
  }
  return false;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function orUnreadable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw unreadable(path, (error as Error).message, error);
  }
}

function unreadable(path: string, problem: string, cause?: unknown): Fault {
  return new Fault('FILE_UNREADABLE', { path, problem }, cause === undefined ? undefined : { cause });
}
