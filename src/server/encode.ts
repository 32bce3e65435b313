// Turns a block of vectors into the bytes of an answer, OpenAI's or SGLang's: head, rows, tail.
// Data in, bytes out: knows neither sockets nor requests nor which thread it runs in. Rows are independent of each
// other, so that several threads can write one answer.

import type { Embeddings } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { MAX_FLOAT_BYTES, writeFloats } from '../float-text.ts';

export type EncodingFormat = 'float' | 'base64';

/** What stands around the vectors. */
export type Frame =
  | { shape: 'openai'; modelId: string }
  /** `metaInfo`: JSON per row of the whole answer. A single vector is no list. */
  | { shape: 'sglang'; isList: boolean; metaInfo: readonly string[] };

/** Consecutive rows of an answer. */
export interface Rows {
  /** Row-major, these rows only. */
  vectors: Float32Array;
  dimensions: number;
  /** Where the first of them stands in the answer. */
  firstIndex: number;
  encodingFormat: EncodingFormat;
  frame: Frame;
}

// About 2 ms of work, for a thread that must not be held up longer.
const BLOCK_BYTES = 1 << 19;

const ROW_OVERHEAD_BYTES = 128;

export function renderHead(frame: Frame): Uint8Array {
  if (frame.shape === 'openai') return Buffer.from('{"object":"list","data":[');
  return Buffer.from(frame.isList ? '[' : '');
}

/** What follows the rows. */
export function renderTail(frame: Frame, { tokenCounts }: Embeddings): Uint8Array {
  if (frame.shape === 'sglang') return Buffer.from(frame.isList ? ']' : '');
  const tokens = tokenCounts.reduce((sum, count) => sum + count, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return Buffer.from(`],"model":${JSON.stringify(frame.modelId)},"usage":${JSON.stringify(usage)}}`);
}

/**
 * The rows' text in consecutive blocks, each with memory of its own. JSON floats read back to the same float32; base64
 * holds them little-endian.
 * Fault: VECTOR_NOT_FINITE, for `float` only: base64 carries what the embedder made.
 */
export function* encodeRows(rows: Rows): Generator<Uint8Array, void, undefined> {
  const { vectors, dimensions, frame } = rows;
  const count = vectors.length / dimensions;
  const rowBytes = dimensions * MAX_FLOAT_BYTES + ROW_OVERHEAD_BYTES + longestMetaInfo(frame);
  const rowsPerBlock = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
  const scratch = Buffer.allocUnsafeSlow(Math.min(count, rowsPerBlock) * rowBytes);
  for (let first = 0; first < count; first += rowsPerBlock) {
    let end = 0;
    for (let row = first; row < Math.min(count, first + rowsPerBlock); row++) {
      end = writeRow(rows, row, scratch, end);
    }
    yield new Uint8Array(scratch.subarray(0, end));
  }
}

function writeRow(rows: Rows, row: number, target: Buffer, offset: number): number {
  const { vectors, dimensions, firstIndex, encodingFormat, frame } = rows;
  const index = firstIndex + row;
  const separator = index === 0 ? '' : ',';
  const before = frame.shape === 'openai' ? `"object":"embedding","index":${String(index)},` : '';
  const opening = `${separator}{${before}"embedding":`;
  const closing = frame.shape === 'openai' ? '}' : `,"meta_info":${frame.metaInfo[index] ?? 'null'}}`;
  const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
  const start = offset + target.write(opening, offset, 'latin1');
  const end = WRITE_VECTOR[encodingFormat](vector, target, start);
  if (end < 0) throw new Fault('VECTOR_NOT_FINITE', { index });
  return end + target.write(closing, end, 'utf8');
}

function longestMetaInfo(frame: Frame): number {
  if (frame.shape === 'openai') return 0;
  return frame.metaInfo.reduce((most, json) => Math.max(most, Buffer.byteLength(json)), 0);
}

type WriteVector = (vector: Float32Array, target: Buffer, offset: number) => number;

const WRITE_VECTOR: Record<EncodingFormat, WriteVector> = {
  float: (vector, target, offset) => {
    const start = offset + target.write('[', offset, 'latin1');
    const end = writeFloats(vector, target, start);
    return end < 0 ? end : end + target.write(']', end, 'latin1');
  },
  // Every machine that llama.cpp's prebuilt libraries run on is little-endian.
  base64: (vector, target, offset) => {
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    return offset + target.write(`"${bytes.toString('base64')}"`, offset, 'latin1');
  },
};
