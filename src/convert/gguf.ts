// The GGUF v3 format as data: value types, tensor types, and what a header holds once read or before it is written.
// Reading is in gguf-read.ts, writing in gguf-write.ts; neither knows what a model or a key means.
//
//   0        4         8                16             24
//   | "GGUF" | u32 = 3 | u64 tensors    | u64 values   | metadata ... | tensor infos ... | zeros | data ...
//                                                                                       to the alignment
//   string       u64 length in bytes, UTF-8, no terminator
//   metadata     string key, u32 value type, value
//   array value  u32 element type, u64 count, elements without a type each
//   tensor info  string name, u32 dimensions, u64 per dimension (fastest first), u32 tensor type, u64 offset in data
//
// All numbers are little endian. A tensor starts at a multiple of the alignment and is followed by zeros up to the next.

/** Number of a value type in the file, and bytes of one value; 0 bytes = of variable length. */
export const VALUE_TYPES = {
  u8: { id: 0, sizeBytes: 1 },
  i8: { id: 1, sizeBytes: 1 },
  u16: { id: 2, sizeBytes: 2 },
  i16: { id: 3, sizeBytes: 2 },
  u32: { id: 4, sizeBytes: 4 },
  i32: { id: 5, sizeBytes: 4 },
  f32: { id: 6, sizeBytes: 4 },
  bool: { id: 7, sizeBytes: 1 },
  string: { id: 8, sizeBytes: 0 },
  array: { id: 9, sizeBytes: 0 },
  u64: { id: 10, sizeBytes: 8 },
  i64: { id: 11, sizeBytes: 8 },
  f64: { id: 12, sizeBytes: 8 },
} as const;

export type ValueType = keyof typeof VALUE_TYPES;
export type NumberType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64';

/** Elements exactly as in the file: the token lists have 151,000 entries that few readers look at. */
export interface GgufArray {
  elementType: Exclude<ValueType, 'array'>;
  count: number;
  bytes: Buffer;
}

export type GgufValue =
  | { type: NumberType; value: number }
  | { type: 'u64' | 'i64'; value: bigint }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'array'; value: GgufArray };

/** In file order; keys are unique. */
export type GgufMetadata = Map<string, GgufValue>;

/** Number of a tensor type in the file; numbers and bytes of one block, from ggml's own table. */
export const TENSOR_TYPES = {
  F32: { id: 0, blockElements: 1, blockBytes: 4 },
  F16: { id: 1, blockElements: 1, blockBytes: 2 },
  Q4_0: { id: 2, blockElements: 32, blockBytes: 18 },
  Q4_1: { id: 3, blockElements: 32, blockBytes: 20 },
  Q5_0: { id: 6, blockElements: 32, blockBytes: 22 },
  Q5_1: { id: 7, blockElements: 32, blockBytes: 24 },
  Q8_0: { id: 8, blockElements: 32, blockBytes: 34 },
  Q8_1: { id: 9, blockElements: 32, blockBytes: 36 },
  Q2_K: { id: 10, blockElements: 256, blockBytes: 84 },
  Q3_K: { id: 11, blockElements: 256, blockBytes: 110 },
  Q4_K: { id: 12, blockElements: 256, blockBytes: 144 },
  Q5_K: { id: 13, blockElements: 256, blockBytes: 176 },
  Q6_K: { id: 14, blockElements: 256, blockBytes: 210 },
  Q8_K: { id: 15, blockElements: 256, blockBytes: 292 },
  IQ2_XXS: { id: 16, blockElements: 256, blockBytes: 66 },
  IQ2_XS: { id: 17, blockElements: 256, blockBytes: 74 },
  IQ3_XXS: { id: 18, blockElements: 256, blockBytes: 98 },
  IQ1_S: { id: 19, blockElements: 256, blockBytes: 50 },
  IQ4_NL: { id: 20, blockElements: 32, blockBytes: 18 },
  IQ3_S: { id: 21, blockElements: 256, blockBytes: 110 },
  IQ2_S: { id: 22, blockElements: 256, blockBytes: 82 },
  IQ4_XS: { id: 23, blockElements: 256, blockBytes: 136 },
  I8: { id: 24, blockElements: 1, blockBytes: 1 },
  I16: { id: 25, blockElements: 1, blockBytes: 2 },
  I32: { id: 26, blockElements: 1, blockBytes: 4 },
  I64: { id: 27, blockElements: 1, blockBytes: 8 },
  F64: { id: 28, blockElements: 1, blockBytes: 8 },
  IQ1_M: { id: 29, blockElements: 256, blockBytes: 56 },
  BF16: { id: 30, blockElements: 1, blockBytes: 2 },
  TQ1_0: { id: 34, blockElements: 256, blockBytes: 54 },
  TQ2_0: { id: 35, blockElements: 256, blockBytes: 66 },
  MXFP4: { id: 39, blockElements: 32, blockBytes: 17 },
  NVFP4: { id: 40, blockElements: 64, blockBytes: 36 },
  Q1_0: { id: 41, blockElements: 128, blockBytes: 18 },
  Q2_0: { id: 42, blockElements: 64, blockBytes: 18 },
} as const;

export type TensorType = keyof typeof TENSOR_TYPES;

/** A tensor before it has a place. `shape` is ggml's order: fastest dimension first. */
export interface GgufTensorShape {
  name: string;
  shape: readonly number[];
  type: TensorType;
}

export interface GgufTensor extends GgufTensorShape {
  /** From the start of the data area. */
  offsetBytes: number;
  /** Without the padding that follows. */
  sizeBytes: number;
}

export interface GgufHeader {
  version: number;
  metadata: GgufMetadata;
  tensors: GgufTensor[];
  /** Where the data area starts in the file. */
  dataOffsetBytes: number;
}

export const GGUF_VERSION = 3;
export const DEFAULT_ALIGNMENT = 32;

/** The next multiple of `alignment`. */
export function padTo(sizeBytes: number, alignment: number): number {
  return Math.ceil(sizeBytes / alignment) * alignment;
}

/** `general.alignment`, or 32; null when that key holds anything but a power of two. */
export function alignmentOf(metadata: GgufMetadata): number | null {
  const declared = metadata.get('general.alignment');
  if (declared === undefined) return DEFAULT_ALIGNMENT;
  if (declared.type !== 'u32' || declared.value === 0) return null;
  return (declared.value & (declared.value - 1)) === 0 ? declared.value : null;
}

/** Bytes of a tensor's data; null when a row does not divide into blocks. */
export function tensorSizeBytes({ shape, type }: Omit<GgufTensorShape, 'name'>): number | null {
  const { blockElements, blockBytes } = TENSOR_TYPES[type];
  if ((shape[0] ?? 1) % blockElements !== 0) return null;
  return (shape.reduce((product, length) => product * length, 1) / blockElements) * blockBytes;
}

/** A value holding strings, encoded at once. */
export function stringArray(strings: readonly string[]): GgufValue {
  const lengths = strings.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.alloc(lengths.reduce((sum, length) => sum + 8 + length, 0));
  let at = 0;
  strings.forEach((text, index) => {
    const length = lengths[index] ?? 0;
    bytes.writeUInt32LE(length, at);
    bytes.write(text, at + 8, length, 'utf8');
    at += 8 + length;
  });
  return { type: 'array', value: { elementType: 'string', count: strings.length, bytes } };
}

/** A value holding signed 32-bit numbers. */
export function i32Array(numbers: readonly number[]): GgufValue {
  const bytes = Buffer.from(Int32Array.from(numbers).buffer);
  return { type: 'array', value: { elementType: 'i32', count: numbers.length, bytes } };
}
