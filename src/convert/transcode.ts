// Carries the numbers of a conversion over: reads a chunk of a tensor, converts it, writes it to its place. Any number of
// threads may run the same task; a shared counter hands out the chunks and a shared flag stops all of them. A thread
// whose chunk is not there yet, or its file is not, waits for it.
// Knows descriptors and offsets. Which file gets which name, and what a failure means for it, is convert.ts's business.

import { readSync, writeSync } from 'node:fs';

import { Fault } from '../faults.ts';
import {
  convertRun,
  findNan,
  Lanes,
  Q8_BLOCK_BYTES,
  Q8_BLOCK_ELEMENTS,
  SOURCE_BYTES,
  type SourceType,
  type TargetType,
} from './kernels.ts';
import { describeFailedWrite } from './output-file.ts';

/** One tensor, from a range of one open file to a range of another. */
export interface Passage {
  name: string;
  from: SourceType;
  to: TargetType;
  elements: number;
  source: { path: string; /** Place in `sources`. */ slot: number; offsetBytes: number };
  targetOffsetBytes: number;
}

/** What every thread gets; structured clone keeps the shared memory shared. */
export interface TranscodeTask {
  passages: Passage[];
  target: { path: string; descriptor: number };
  /** Three int64 per file to read, of the meanings below. */
  sources: SharedArrayBuffer;
  /** Three int32: the next chunk to hand out, a flag that is 1 once the task must stop, a count of news to wake up for. */
  control: SharedArrayBuffer;
}

const NEXT_CHUNK = 0;
const STOP = 1;
const NEWS = 2;

const SOURCE_WORDS = 3;
const DESCRIPTOR = 0;
/** How many of the file's bytes are there. */
const LEADING = 1;
/** How many bytes of its numbers are still to be carried over. */
const LEFT = 2;

// 512 KiB of BF16, 2 MiB of buffers a thread. Measured on 1.2 GB (EPYC with 1 MiB of L2 a core, Node 20): with 1 MiB
// copying costs 25 % more processor time on every other run, with 2 MiB four times as much.
const CHUNK_ELEMENTS = 256 * 1024;
// What a thread moves between two reports; a message costs as much as copying 100 KB.
const REPORT_BYTES = 4 * 1024 * 1024;

interface Chunk {
  passage: Passage;
  firstElement: number;
  elements: number;
}

export function createControl(): SharedArrayBuffer {
  return new SharedArrayBuffer(12);
}

/** For files of so many bytes of numbers each, none of which are there yet. */
export function createSources(numberBytes: readonly number[]): SharedArrayBuffer {
  const sources = new SharedArrayBuffer(8 * SOURCE_WORDS * numberBytes.length);
  new BigInt64Array(sources).set(numberBytes.flatMap((bytes) => [-1n, 0n, BigInt(bytes)]));
  return sources;
}

/** Are all numbers of the file written to where they belong? */
export function isCarriedOver(sources: SharedArrayBuffer, slot: number): boolean {
  return Atomics.load(new BigInt64Array(sources), SOURCE_WORDS * slot + LEFT) === 0n;
}

/** Lets the threads go on that wait for these bytes of the file. */
export function announceSource(
  { sources, control }: Pick<TranscodeTask, 'sources' | 'control'>,
  { slot, descriptor, leadingBytes }: { slot: number; descriptor: number; leadingBytes: number },
): void {
  const words = new BigInt64Array(sources);
  Atomics.store(words, SOURCE_WORDS * slot + DESCRIPTOR, BigInt(descriptor));
  Atomics.store(words, SOURCE_WORDS * slot + LEADING, BigInt(leadingBytes));
  tellNews(control);
}

/** Makes every thread return after the chunk it is at. */
export function stop(control: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(control), STOP, 1);
  tellNews(control);
}

function tellNews(shared: SharedArrayBuffer): void {
  const control = new Int32Array(shared);
  Atomics.add(control, NEWS, 1);
  Atomics.notify(control, NEWS);
}

/** The file's descriptor, once the chunk is in the file; null when the task stops before. Blocks the thread. */
function awaitSource({ sources, control }: TranscodeTask, chunk: Chunk): number | null {
  const { slot } = chunk.passage.source;
  const endByte = BigInt(sourceStart(chunk) + sourceBytes(chunk));
  const [files, words] = [new BigInt64Array(sources), new Int32Array(control)];
  const at = SOURCE_WORDS * slot;
  for (;;) {
    const news = Atomics.load(words, NEWS);
    if (Atomics.load(files, at + LEADING) >= endByte) return Number(Atomics.load(files, at + DESCRIPTOR));
    if (Atomics.load(words, STOP) === 1) return null;
    Atomics.wait(words, NEWS, news);
  }
}

/**
 * Works on the task until no chunk is left or it is stopped; `onBytes` hears every few megabytes how many source bytes
 * are done since.
 * Faults: WEIGHTS_CORRUPT (a NaN, a file that shrank), FILE_UNREADABLE, FILE_UNWRITABLE.
 */
export function runTask(task: TranscodeTask, onBytes: (bytes: number) => void): void {
  const control = new Int32Array(task.control);
  const buffers = { source: new Lanes(CHUNK_ELEMENTS * 4), target: new Lanes(CHUNK_ELEMENTS * 4) };
  const chunks = listChunks(task.passages);
  let reached = -1;
  let unreported = 0;
  for (;;) {
    const wanted = Atomics.add(control, NEXT_CHUNK, 1);
    let next: IteratorResult<Chunk, undefined> = { done: true, value: undefined };
    for (; reached < wanted; reached++) next = chunks.next();
    if (next.done === true || Atomics.load(control, STOP) === 1) break;
    const descriptor = awaitSource(task, next.value);
    if (descriptor === null) break;
    moveChunk(task, { chunk: next.value, descriptor, ...buffers });
    unreported += sourceBytes(next.value);
    const leftBytes = countDown(task, next.value);
    // Somebody may wait for the last of a file, and this thread next for another file.
    if (unreported < REPORT_BYTES && leftBytes > 0) continue;
    onBytes(unreported);
    unreported = 0;
  }
  if (unreported > 0) onBytes(unreported);
}

function* listChunks(passages: readonly Passage[]): Generator<Chunk, undefined> {
  for (const passage of passages)
    for (let firstElement = 0; firstElement < passage.elements; firstElement += CHUNK_ELEMENTS)
      yield { passage, firstElement, elements: Math.min(CHUNK_ELEMENTS, passage.elements - firstElement) };
  return undefined;
}

function moveChunk(
  task: TranscodeTask,
  { chunk, descriptor, source, target }: { chunk: Chunk; descriptor: number; source: Lanes; target: Lanes },
): void {
  const { passage, elements } = chunk;
  const { from, to } = passage;
  readChunk(chunk, { descriptor, bytes: source.bytes });
  const nan = findNan(from, source, elements);
  if (nan !== -1)
    throw new Fault('WEIGHTS_CORRUPT', {
      path: passage.source.path,
      problem: `tensor ${JSON.stringify(passage.name)} has a NaN at element ${String(chunk.firstElement + nan)}`,
    });
  const isCopy = from === to;
  if (!isCopy) convertRun({ from, to, elements }, source, target);
  writeChunk(task, { chunk, bytes: isCopy ? source.bytes : target.bytes });
}

/** How many bytes of the chunk's file are left after it. */
function countDown({ sources }: TranscodeTask, chunk: Chunk): number {
  const [at, bytes] = [SOURCE_WORDS * chunk.passage.source.slot + LEFT, BigInt(sourceBytes(chunk))];
  return Number(Atomics.sub(new BigInt64Array(sources), at, bytes) - bytes);
}

function sourceStart({ passage, firstElement }: Chunk): number {
  return passage.source.offsetBytes + firstElement * SOURCE_BYTES[passage.from];
}

function sourceBytes({ passage, elements }: Chunk): number {
  return elements * SOURCE_BYTES[passage.from];
}

function readChunk(chunk: Chunk, { descriptor, bytes }: { descriptor: number; bytes: Uint8Array }): void {
  const { path } = chunk.passage.source;
  const [start, sizeBytes] = [sourceStart(chunk), sourceBytes(chunk)];
  let done = 0;
  while (done < sizeBytes) {
    const count = attempt(
      () => readSync(descriptor, bytes, done, sizeBytes - done, start + done),
      (error) => describeFailedRead(path, error),
    );
    if (count === 0)
      throw new Fault('WEIGHTS_CORRUPT', { path, problem: 'became shorter while it was converted' });
    done += count;
  }
}

function writeChunk(task: TranscodeTask, { chunk, bytes }: { chunk: Chunk; bytes: Uint8Array }): void {
  const { path, descriptor } = task.target;
  const { to, targetOffsetBytes } = chunk.passage;
  const sizeBytes = targetBytes(to, chunk.elements);
  const start = targetOffsetBytes + targetBytes(to, chunk.firstElement);
  let done = 0;
  while (done < sizeBytes)
    done += attempt(
      () => writeSync(descriptor, bytes, done, sizeBytes - done, start + done),
      (error) => describeFailedWrite(path, error),
    );
}

function targetBytes(type: TargetType, elements: number): number {
  return type === 'Q8_0'
    ? (elements / Q8_BLOCK_ELEMENTS) * Q8_BLOCK_BYTES
    : elements * (type === 'F32' ? 4 : 2);
}

const describeFailedRead = (path: string, error: Error): Fault =>
  new Fault('FILE_UNREADABLE', { path, problem: error.message }, { cause: error });

function attempt<T>(action: () => T, describe: (error: Error) => Fault): T {
  try {
    return action();
  } catch (error) {
    throw describe(error as Error);
  }
}
