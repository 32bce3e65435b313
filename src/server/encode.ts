// Turns a block of vectors into the bytes of OpenAI's embeddings answer.
// Data in, bytes out: knows neither sockets nor requests, so that it can move to another thread as it is.
// The text is written directly, some rows at a time, and the event loop gets a turn between blocks.

import { setImmediate as turn } from 'node:timers/promises';
import type { Embeddings } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { MAX_FLOAT_BYTES, writeFloats } from './float-text.ts';

export type EncodingFormat = 'float' | 'base64';

export interface AnswerShape {
  modelId: string;
  encodingFormat: EncodingFormat;
}

// About 2 ms of work: short against the patience of a health check, long against the cost of a turn.
const BLOCK_BYTES = 1 << 20;

const ROW_OVERHEAD_BYTES = 128;

/**
 * The whole body as consecutive pieces. JSON floats read back to the same float32; base64 holds them little-endian.
 * Fault: VECTOR_NOT_FINITE, for `float` only: base64 carries what the embedder made.
 */
export async function encodeEmbeddings(embeddings: Embeddings, shape: AnswerShape): Promise<Buffer[]> {
  const { dimensions, vectors } = embeddings;
  const rows = embeddings.tokenCounts.length;
  const rowBytes = dimensions * MAX_FLOAT_BYTES + ROW_OVERHEAD_BYTES;
  const rowsPerBlock = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
  const scratch = Buffer.allocUnsafe(Math.min(rows, rowsPerBlock) * rowBytes);
  const pieces = [Buffer.from('{"object":"list","data":[')];
  for (let first = 0; first < rows; first += rowsPerBlock) {
    if (first > 0) await turn();
    let end = 0;
    for (let row = first; row < Math.min(rows, first + rowsPerBlock); row++) {
      const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
      const separator = row === 0 ? '' : ',';
      end += scratch.write(
        `${separator}{"object":"embedding","index":${String(row)},"embedding":`,
        end,
        'latin1',
      );
      end = WRITE_VECTOR[shape.encodingFormat](vector, scratch, end);
      if (end < 0) throw new Fault('VECTOR_NOT_FINITE', { index: row });
      end += scratch.write('}', end, 'latin1');
    }
    pieces.push(Buffer.from(scratch.subarray(0, end)));
  }
  pieces.push(Buffer.from(renderTail(embeddings, shape.modelId)));
  return pieces;
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

function renderTail({ tokenCounts }: Embeddings, modelId: string): string {
  const tokens = tokenCounts.reduce((sum, count) => sum + count, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return `],"model":${JSON.stringify(modelId)},"usage":${JSON.stringify(usage)}}`;
}
