// Reads the header of one .safetensors file and checks all of it against the file's size, so that a conversion never
// finds damage halfway. The file may be truncated or hostile. Knows nothing of shards, indexes or models.
//
//   0                8                    8 + n
//   | u64 length n   | JSON, n bytes      | data ...
//
//   {"__metadata__": {...}, "name": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}, ...}
//
// Offsets count from the start of the data; the tensors cover it exactly, without holes or overlaps.

import { closeSync, fstatSync } from 'node:fs';

import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';
import { openRegularFile, parseJson, readAt } from './files.ts';
import { refusePointer } from './lfs-pointer.ts';

const DTYPE_BYTES: Record<string, number> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
};

export interface SafeTensor {
  name: string;
  dtype: string;
  /** Slowest dimension first, as in the file. */
  shape: number[];
  path: string;
  /** From the start of the file. */
  offsetBytes: number;
  sizeBytes: number;
}

// The format allows 100 MB. Qwen3-Embedding-8B has 398 tensors in 45 KB.
const HEADER_LIMIT_BYTES = 4 * 1024 * 1024;
// PyTorch writes no more.
const DIMENSION_LIMIT = 64;

/** The length field at the start of the file. */
export const LENGTH_BYTES = 8;

/** The file's tensors, sorted by name in code point order. Faults: FILE_UNREADABLE, WEIGHTS_CORRUPT. */
export function readSafetensors(path: string): SafeTensor[] {
  const descriptor = openRegularFile(path);
  try {
    const fileBytes = fstatSync(descriptor).size;
    const length = readAt(path, descriptor, { offset: 0, sizeBytes: LENGTH_BYTES });
    const sizeBytes = parseHeaderLength(length, { path, fileBytes });
    const header = readAt(path, descriptor, { offset: LENGTH_BYTES, sizeBytes });
    return parseSafetensorsHeader(header, { path, fileBytes });
  } finally {
    closeSync(descriptor);
  }
}

/** The tensors that the JSON of a file of `fileBytes` describes. Faults: WEIGHTS_CORRUPT. */
export function parseSafetensorsHeader(
  json: Buffer,
  { path, fileBytes }: { path: string; fileBytes: number },
): SafeTensor[] {
  const header = parseJson(json);
  if (!isObject(header)) throw corrupt(path, 'its header is not a JSON object');
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => parseEntry({ path, name, entry }));
  const dataOffset = LENGTH_BYTES + json.length;
  checkCoverage(path, tensors, fileBytes - dataOffset);
  for (const tensor of tensors) tensor.offsetBytes += dataOffset;
  return tensors.sort(byCodePoint);
}

/** How many bytes of JSON follow the first eight of a file. Faults: WEIGHTS_CORRUPT, FILE_UNREADABLE. */
export function parseHeaderLength(
  start: Buffer,
  { path, fileBytes }: { path: string; fileBytes: number },
): number {
  refusePointer(path, start);
  if (start.length < LENGTH_BYTES)
    throw corrupt(path, `has ${String(fileBytes)} bytes, too few for a header`);
  const length = start.readBigUInt64LE();
  const limit = Math.min(HEADER_LIMIT_BYTES, fileBytes - LENGTH_BYTES);
  if (length > BigInt(limit))
    throw corrupt(path, `claims a header of ${String(length)} bytes, at most ${String(limit)} are read`);
  return Number(length);
}

function parseEntry({ path, name, entry }: { path: string; name: string; entry: unknown }): SafeTensor {
  const bad = (problem: string): Fault => corrupt(path, `tensor ${JSON.stringify(name)} ${problem}`);
  if (!isObject(entry)) throw bad('has no description');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string') throw bad('has no dtype');
  if (!isCountList(shape) || shape.length > DIMENSION_LIMIT) throw bad('has no valid shape');
  if (!isCountList(offsets) || offsets.length !== 2) throw bad('has no valid data_offsets');
  const [start = 0, end = 0] = offsets;
  const elementBytes = Object.hasOwn(DTYPE_BYTES, dtype) ? DTYPE_BYTES[dtype] : undefined;
  const wanted = shape.reduce((product, length) => product * length, elementBytes ?? 0);
  if (elementBytes !== undefined && wanted !== end - start)
    throw bad(
      `has ${String(end - start)} bytes of data, ${dtype} ${shape.join(' x ')} needs ${String(wanted)}`,
    );
  return { name, dtype, shape, path, offsetBytes: start, sizeBytes: end - start };
}

function isCountList(value: unknown): value is number[] {
  return (
    Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0)
  );
}

function checkCoverage(path: string, tensors: readonly SafeTensor[], dataBytes: number): void {
  let covered = 0;
  for (const { name, offsetBytes, sizeBytes } of tensors.toSorted(byPlace)) {
    if (offsetBytes !== covered || sizeBytes < 0)
      throw corrupt(
        path,
        `tensor ${JSON.stringify(name)} starts at ${String(offsetBytes)} of the data, ${String(covered)} expected`,
      );
    covered += sizeBytes;
  }
  if (covered !== dataBytes)
    throw corrupt(path, `has ${String(dataBytes)} bytes of data, its header describes ${String(covered)}`);
}

function byPlace(a: SafeTensor, b: SafeTensor): number {
  return a.offsetBytes - b.offsetBytes || a.sizeBytes - b.sizeBytes;
}

function byCodePoint(a: SafeTensor, b: SafeTensor): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}

function corrupt(path: string, problem: string): Fault {
  return new Fault('WEIGHTS_CORRUPT', { path, problem });
}
