// Writes a GGUF header to bytes: metadata and tensor infos as drawn in gguf.ts. The caller appends the tensors' data.
// Decides only where tensors go; what the keys mean and which are left out is the caller's business.

import { Fault } from '../faults.ts';
import {
  alignmentOf,
  GGUF_VERSION,
  padTo,
  TENSOR_TYPES,
  tensorSizeBytes,
  VALUE_TYPES,
  type GgufMetadata,
  type GgufTensor,
  type GgufTensorShape,
  type GgufValue,
  type NumberType,
} from './gguf.ts';

/**
 * Everything before the data, padding included: the result's length is the offset of the data area.
 * Tensors are laid out one after another, each padded to the alignment.
 */
export function renderGgufHeader(header: {
  metadata: GgufMetadata;
  tensors: readonly GgufTensorShape[];
}): Buffer {
  const alignment = writableAlignment(header.metadata);
  const parts: Buffer[] = [Buffer.from('GGUF'), number('u32', GGUF_VERSION)];
  parts.push(count(header.tensors.length), count(header.metadata.size));
  for (const [key, value] of header.metadata) parts.push(string(key), ...typedValue(value));
  for (const tensor of layOutTensors(header.tensors, alignment)) parts.push(tensorInfo(tensor));
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(parts, padTo(sizeBytes, alignment));
}

/** Gives every tensor its size and its offset in the data area. */
export function layOutTensors<T extends GgufTensorShape>(
  tensors: readonly T[],
  alignment: number,
): (T & GgufTensor)[] {
  let offsetBytes = 0;
  return tensors.map((tensor) => {
    const sizeBytes = tensorSizeBytes(tensor);
    if (sizeBytes === null) throw new Fault('BUG', { problem: `${tensor.name} has rows of broken blocks` });
    const placed = { ...tensor, offsetBytes, sizeBytes };
    offsetBytes += padTo(sizeBytes, alignment);
    return placed;
  });
}

function writableAlignment(metadata: GgufMetadata): number {
  const alignment = alignmentOf(metadata);
  if (alignment === null) throw new Fault('BUG', { problem: 'general.alignment is not a power of two' });
  return alignment;
}

function tensorInfo({ name, shape, type, offsetBytes }: GgufTensor): Buffer {
  const dimensions = shape.map((length) => count(length));
  return Buffer.concat([
    string(name),
    number('u32', shape.length),
    ...dimensions,
    number('u32', TENSOR_TYPES[type].id),
    count(offsetBytes),
  ]);
}

function typedValue(value: GgufValue): Buffer[] {
  return [number('u32', VALUE_TYPES[value.type].id), ...bareValue(value)];
}

function bareValue(value: GgufValue): Buffer[] {
  switch (value.type) {
    case 'string':
      return [string(value.value)];
    case 'bool':
      return [number('u8', value.value ? 1 : 0)];
    case 'array': {
      const { elementType, count: elements, bytes } = value.value;
      return [number('u32', VALUE_TYPES[elementType].id), count(elements), bytes];
    }
    case 'u64':
    case 'i64': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, value.value));
      return [bytes];
    }
    default:
      return [number(value.type, value.value)];
  }
}

const NUMBER_WRITERS: Record<NumberType, (bytes: Buffer, value: number) => number> = {
  u8: (bytes, value) => bytes.writeUInt8(value),
  i8: (bytes, value) => bytes.writeInt8(value),
  u16: (bytes, value) => bytes.writeUInt16LE(value),
  i16: (bytes, value) => bytes.writeInt16LE(value),
  u32: (bytes, value) => bytes.writeUInt32LE(value),
  i32: (bytes, value) => bytes.writeInt32LE(value),
  f32: (bytes, value) => bytes.writeFloatLE(value),
  f64: (bytes, value) => bytes.writeDoubleLE(value),
};

function number(type: NumberType, value: number): Buffer {
  const bytes = Buffer.alloc(VALUE_TYPES[type].sizeBytes);
  NUMBER_WRITERS[type](bytes, value);
  return bytes;
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function string(text: string): Buffer {
  const encoded = Buffer.from(text);
  return Buffer.concat([count(encoded.length), encoded]);
}
