// Decides what the accepting loop does itself and what goes to a thread: reading a request, writing an answer.
// What a thread lost is done here, in turns with the loop's other work: late, but answered.

import { setImmediate as turn } from 'node:timers/promises';
import type { Embeddings } from '../embedder.ts';
import { type EncodingFormat, encodeRows, type Frame, renderHead, renderTail, type Rows } from './encode.ts';
import { type Done, type JobResult, type ParseInput, type ParseName, runJob } from './jobs.ts';
import type { Threads } from './threads.ts';

// Another thread costs about 0.1 ms per job (`npm run bench:encode`, 2-core EPYC, Node 20). Writing 64 KB takes 0.13 ms
// here, reading 256 KB 0.6 ms; the strings that are read come back as copies, which is a quarter of that again.
export const PARSE_IN_PLACE_BYTES = 256 * 1024;
export const ENCODE_IN_PLACE_BYTES = 64 * 1024;

/** Text of one number, its comma included: measured over unit vectors of 1,024 components and more. */
const BYTES_PER_NUMBER: Record<EncodingFormat, number> = { float: 12.5, base64: 16 / 3 };

/** A slice of an answer is worth a thread of its own from here on. */
const SLICE_BYTES = 4 * 1024 * 1024;

export interface AnswerShape {
  frame: Frame;
  encodingFormat: EncodingFormat;
}

/** Faults: INVALID_REQUEST, INPUT_EMPTY, TOO_MANY_INPUTS. */
export async function readRequest<Name extends ParseName>(
  threads: Threads,
  job: Name,
  input: ParseInput,
): Promise<Done<JobResult<Name>>> {
  const { bytes } = input;
  if (bytes !== undefined && bytes.length > PARSE_IN_PLACE_BYTES) {
    // The original stays here in case that the thread dies.
    const copy = await copyInTurns(bytes);
    const done = await threads.run<ParseName>(job, { ...input, bytes: copy, packsIds: true }, [copy.buffer]);
    // Taking over the strings has held up the loop already; what comes next will again.
    await turn();
    if (done !== null) return done as Done<JobResult<Name>>;
  }
  return runJob<ParseName>(job, input) as Done<JobResult<Name>>;
}

/** 64 MB at once are 35 ms. */
const COPIED_AT_ONCE = 4 * 1024 * 1024;

async function copyInTurns(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const copy = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += COPIED_AT_ONCE) {
    if (at > 0) await turn();
    copy.set(bytes.subarray(at, at + COPIED_AT_ONCE), at);
  }
  return copy;
}

/** The whole body as consecutive pieces. Fault: VECTOR_NOT_FINITE. */
export async function writeAnswer(
  threads: Threads,
  embeddings: Embeddings,
  { frame, encodingFormat }: AnswerShape,
): Promise<Done<Uint8Array[]>> {
  const { vectors, dimensions } = embeddings;
  const all: Rows = { vectors, dimensions, firstIndex: 0, encodingFormat, frame };
  const textBytes = vectors.length * BYTES_PER_NUMBER[encodingFormat];
  const parts =
    textBytes <= ENCODE_IN_PLACE_BYTES
      ? [runJob('encode', all)]
      : await Promise.all(
          sliceRows(all, Math.min(threads.count, Math.ceil(textBytes / SLICE_BYTES))).map((rows) =>
            encodeElsewhere(threads, rows),
          ),
        );
  return {
    value: [renderHead(frame), ...parts.flatMap(({ value }) => value), renderTail(frame, embeddings)].filter(
      ({ length }) => length > 0,
    ),
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

function sliceRows(rows: Rows, wanted: number): Rows[] {
  const { vectors, dimensions } = rows;
  const count = vectors.length / dimensions;
  const each = Math.ceil(count / wanted);
  return Array.from({ length: Math.ceil(count / each) }, (_, slice) => ({
    ...rows,
    vectors: vectors.subarray(slice * each * dimensions, (slice + 1) * each * dimensions),
    firstIndex: slice * each,
  }));
}

async function encodeElsewhere(threads: Threads, rows: Rows): Promise<Done<Uint8Array[]>> {
  return (await threads.run('encode', ...sendable(rows))) ?? encodeInTurns(rows);
}

// Shared memory is read where it is. Of other memory the thread gets a copy of the slice: a view would bring all of it,
// and what is given away cannot be encoded here if the thread dies.
function sendable(rows: Rows): [Rows, ArrayBuffer[]] {
  if (rows.vectors.buffer instanceof SharedArrayBuffer) return [rows, []];
  const vectors = new Float32Array(rows.vectors);
  return [{ ...rows, vectors }, [vectors.buffer]];
}

async function encodeInTurns(rows: Rows): Promise<Done<Uint8Array[]>> {
  const blocks = encodeRows(rows);
  const value: Uint8Array[] = [];
  let seconds = 0;
  for (;;) {
    const startMs = performance.now();
    const block = blocks.next();
    seconds += (performance.now() - startMs) / 1000;
    if (block.done === true) return { value, seconds };
    value.push(block.value);
    await turn();
  }
}
