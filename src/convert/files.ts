// Reading small things from disk for the converter: parts of a file, whole JSON files, each with a limit.
// Every failure leaves here as a Fault with the path in it; what the content means is not known here.

import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

import { Fault } from '../faults.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import { refusePointer } from './lfs-pointer.ts';

// tokenizer.json of the Qwen3 models is 11 MB.
const JSON_LIMIT_BYTES = 32 * 1024 * 1024;
// Nothing here nests deeper than about ten levels.
const JSON_LIMIT_DEPTH = 200;
// Brackets, colons and commas: what a parser makes values of. tokenizer.json of the Qwen3 models has 757,000; this many
// take V8 at most a second and 90 MB, whatever they stand between (keys that are all different are the worst).
const JSON_LIMIT_MARKS = 2 ** 20;

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
    const bytes = readAt(path, descriptor, { offset: 0, sizeBytes });
    refusePointer(path, bytes);
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/** A JSON file's value, or undefined when there is no such file. Faults: FILE_UNREADABLE, also for bad JSON. */
export function readJsonFile(path: string): unknown {
  const bytes = readSmallFile(path);
  if (bytes === null) return undefined;
  const parsed = parseJson(bytes);
  if (parsed === undefined)
    throw new Fault('FILE_UNREADABLE', {
      path,
      problem: 'is not valid JSON, or far too deep or long',
      hint: 'fetch the file again, or correct what was edited in it',
    });
  return parsed;
}

/** Like `readJsonFile`, for files that must hold an object. */
export function readJsonObject(path: string): JsonObject | undefined {
  const value = readJsonFile(path);
  if (value === undefined || isObject(value)) return value;
  throw unreadable(path, 'is not a JSON object');
}

/** Undefined for anything that is not JSON, or far deeper or of more values than any file of a model. */
export function parseJson(bytes: Buffer): unknown {
  if (isExcessive(bytes)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function isExcessive(bytes: Buffer): boolean {
  let [depth, marks, inString] = [0, 0, false];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) inString = !inString;
    else if (inString) i += byte === 0x5c ? 1 : 0;
    else if (byte === 0x2c || byte === 0x3a) marks++;
    else if (byte === 0x5b || byte === 0x7b) {
      marks++;
      depth++;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > JSON_LIMIT_DEPTH || marks > JSON_LIMIT_MARKS) return true;
  }
  return false;
}

/** What lies there, or undefined. Faults: FILE_UNREADABLE for a path that can be none, such as one too long. */
export function findPath(path: string): Stats | undefined {
  return orUnreadable(path, () => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      // A file in the place of a folder: newer Nodes say undefined by themselves.
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}

export const isFile = (path: string): boolean => findPath(path)?.isFile() ?? false;

export const isFolder = (path: string): boolean => findPath(path)?.isDirectory() ?? false;

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
