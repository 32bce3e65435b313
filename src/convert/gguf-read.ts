// Reads and checks the header of a GGUF file, whoever wrote it: the file may be truncated, damaged or hostile.
// Time and memory are bounded by the limits below, not by the counts in the file. Tensor data is never read.
// Knows the layout of gguf.ts and nothing of models: which keys must be there is the caller's question.

import { closeSync, fstatSync } from 'node:fs';

import { openRegularFile, readAt } from './files.ts';
import { HEADER_LIMIT_BYTES, HeaderCursor } from './gguf-cursor.ts';
import {
  alignmentOf,
  GGUF_VERSION,
  padTo,
  TENSOR_TYPES,
  tensorSizeBytes,
  VALUE_TYPES,
  type GgufArray,
  type GgufHeader,
  type GgufMetadata,
  type GgufTensor,
  type GgufValue,
  type TensorType,
  type ValueType,
} from './gguf.ts';
import { refusePointer } from './lfs-pointer.ts';

const METADATA_LIMIT = 65_536;
const TENSOR_LIMIT = 65_536;
const KEY_LIMIT_BYTES = 65_535;
const DIMENSION_LIMIT = 4;

const VALUE_TYPE_BY_ID = new Map<number, ValueType>(
  Object.entries(VALUE_TYPES).map(([name, { id }]) => [id, name as ValueType]),
);
const TENSOR_TYPE_BY_ID = new Map<number, TensorType>(
  Object.entries(TENSOR_TYPES).map(([name, { id }]) => [id, name as TensorType]),
);

/**
 * The header of the file at `path`. Arrays stay encoded (see `GgufArray`) and share memory with what was read.
 * Faults: FILE_UNREADABLE; WEIGHTS_CORRUPT when anything in the header is not as the format demands or the file is
 * shorter than its tensors.
 */
export function readGgufHeader(path: string): GgufHeader {
  const descriptor = openRegularFile(path);
  try {
    const fileSizeBytes = fstatSync(descriptor).size;
    const readStart = (sizeBytes: number) => readAt(path, descriptor, { offset: 0, sizeBytes });
    return parseHeader(new HeaderCursor({ path, fileSizeBytes, readStart }));
  } finally {
    closeSync(descriptor);
  }
}

/** A file that need not be there yet but for its first bytes. */
export interface ArrivingGguf {
  /** What faults call it. */
  path: string;
  sizeBytes: number;
  /** Bytes [start, end) of the file. */
  readRange: (range: { start: number; end: number }) => Promise<Buffer>;
}

/** Reads as little as it can. Faults: those of `readRange`, and WEIGHTS_CORRUPT as for a file. */
export async function readArrivingGgufHeader(gguf: ArrivingGguf): Promise<GgufHeader> {
  const { path, sizeBytes: fileSizeBytes, readRange } = gguf;
  let start = Buffer.alloc(0);
  for (;;) {
    let wantedBytes = 0;
    const readStart = (sizeBytes: number) => {
      wantedBytes = sizeBytes;
      return start.subarray(0, sizeBytes);
    };
    try {
      return parseHeader(new HeaderCursor({ path, fileSizeBytes, readStart }));
    } catch (error) {
      // The parser has met the end of what is here, and not the end of the file.
      if (wantedBytes <= start.length) throw error;
      start = Buffer.concat([start, await readRange({ start: start.length, end: wantedBytes })]);
    }
  }
}

function parseHeader(cursor: HeaderCursor): GgufHeader {
  const magic = cursor.bytes(4, 'the magic');
  refusePointer(cursor.path, magic);
  if (magic.toString('latin1') !== 'GGUF') cursor.corrupt('does not start with GGUF');
  const version = cursor.u32('the version');
  if (version !== GGUF_VERSION && version !== 2)
    cursor.corrupt(`has GGUF version ${String(version)}; 2 and 3 are known`);
  const tensorCount = cursor.count('the number of tensors', TENSOR_LIMIT);
  const metadataCount = cursor.count('the number of metadata values', METADATA_LIMIT);
  const metadata = readMetadata(cursor, metadataCount);
  const alignment = alignmentOf(metadata);
  if (alignment === null) return cursor.corrupt('general.alignment is not a power of two');
  const tensors = readTensors(cursor, tensorCount, alignment);
  const dataOffsetBytes = padTo(cursor.position, alignment);
  checkDataPresent(cursor, tensors, dataOffsetBytes);
  return { version, metadata, tensors, dataOffsetBytes };
}

function readMetadata(cursor: HeaderCursor, metadataCount: number): GgufMetadata {
  const metadata: GgufMetadata = new Map();
  for (let i = 0; i < metadataCount; i++) {
    const key = cursor.string('a key', KEY_LIMIT_BYTES);
    if (metadata.has(key)) cursor.corrupt(`has the key ${JSON.stringify(key)} twice`);
    metadata.set(key, readValue(cursor, key));
  }
  return metadata;
}

function readValue(cursor: HeaderCursor, key: string): GgufValue {
  const type = readValueType(cursor, key);
  switch (type) {
    case 'string':
      return { type, value: cursor.string(key, HEADER_LIMIT_BYTES) };
    case 'array':
      return { type, value: readArray(cursor, key) };
    case 'bool':
      return { type, value: cursor.bytes(1, key)[0] !== 0 };
    case 'u64':
      return { type, value: cursor.bytes(8, key).readBigUInt64LE() };
    case 'i64':
      return { type, value: cursor.bytes(8, key).readBigInt64LE() };
    default: {
      const bytes = cursor.bytes(VALUE_TYPES[type].sizeBytes, key);
      return { type, value: NUMBER_READERS[type](bytes) };
    }
  }
}

const NUMBER_READERS = {
  u8: (bytes: Buffer) => bytes.readUInt8(),
  i8: (bytes: Buffer) => bytes.readInt8(),
  u16: (bytes: Buffer) => bytes.readUInt16LE(),
  i16: (bytes: Buffer) => bytes.readInt16LE(),
  u32: (bytes: Buffer) => bytes.readUInt32LE(),
  i32: (bytes: Buffer) => bytes.readInt32LE(),
  f32: (bytes: Buffer) => bytes.readFloatLE(),
  f64: (bytes: Buffer) => bytes.readDoubleLE(),
};

function readValueType(cursor: HeaderCursor, key: string): ValueType {
  const id = cursor.u32(key);
  return (
    VALUE_TYPE_BY_ID.get(id) ?? cursor.corrupt(`${JSON.stringify(key)} has the unknown type ${String(id)}`)
  );
}

function readArray(cursor: HeaderCursor, key: string): GgufArray {
  const elementType = readValueType(cursor, key);
  if (elementType === 'array') cursor.corrupt(`${JSON.stringify(key)} is an array of arrays`);
  const elements = cursor.count(key, HEADER_LIMIT_BYTES);
  const { sizeBytes } = VALUE_TYPES[elementType];
  if (elementType !== 'string')
    return { elementType, count: elements, bytes: cursor.bytes(elements * sizeBytes, key) };
  const start = cursor.position;
  for (let i = 0; i < elements; i++) cursor.skipString(key);
  return { elementType, count: elements, bytes: cursor.since(start) };
}

function readTensors(cursor: HeaderCursor, tensorCount: number, alignment: number): GgufTensor[] {
  const names = new Set<string>();
  const tensors: GgufTensor[] = [];
  let expectedOffset = 0;
  for (let i = 0; i < tensorCount; i++) {
    const tensor = readTensor(cursor);
    if (names.has(tensor.name)) cursor.corrupt(`has the tensor ${JSON.stringify(tensor.name)} twice`);
    if (tensor.offsetBytes !== expectedOffset)
      cursor.corrupt(
        `${tensor.name} is at ${String(tensor.offsetBytes)} of the data, ${String(expectedOffset)} expected`,
      );
    names.add(tensor.name);
    tensors.push(tensor);
    expectedOffset += padTo(tensor.sizeBytes, alignment);
  }
  return tensors;
}

function readTensor(cursor: HeaderCursor): GgufTensor {
  const name = cursor.string('a tensor name', KEY_LIMIT_BYTES);
  const dimensions = cursor.u32(name);
  if (dimensions > DIMENSION_LIMIT)
    cursor.corrupt(`${JSON.stringify(name)} has ${String(dimensions)} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.count(name, Number.MAX_SAFE_INTEGER));
  const typeId = cursor.u32(name);
  const type =
    TENSOR_TYPE_BY_ID.get(typeId) ??
    cursor.corrupt(`${JSON.stringify(name)} has the unknown type ${String(typeId)}`);
  const offsetBytes = cursor.count(name, Number.MAX_SAFE_INTEGER);
  const sizeBytes = tensorSizeBytes({ shape, type });
  if (sizeBytes === null || !Number.isSafeInteger(sizeBytes))
    return cursor.corrupt(
      `${JSON.stringify(name)} has the impossible shape ${shape.join(' x ')} for ${type}`,
    );
  return { name, shape, type, offsetBytes, sizeBytes };
}

function checkDataPresent(
  cursor: HeaderCursor,
  tensors: readonly GgufTensor[],
  dataOffsetBytes: number,
): void {
  const last = tensors.at(-1);
  if (last === undefined) return;
  const endBytes = dataOffsetBytes + last.offsetBytes + last.sizeBytes;
  if (endBytes > cursor.fileSizeBytes)
    cursor.corrupt(`has ${String(cursor.fileSizeBytes)} bytes, its tensors need ${String(endBytes)}`);
}
