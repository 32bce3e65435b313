// Converts a Hugging Face model folder into one GGUF file, byte for byte as llama.cpp v0.5.0's converter does.
// Order: plan.ts decides everything, output-file.ts gives a file to fill, threads running transcode.ts move the numbers.
// Memory stays flat whatever the model's size: a header and one chunk per thread.

import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { listModelFiles } from './model-folder.ts';
import { orUnwritable, placeOutput, writeWhole, type WriteBehind } from './output-file.ts';
import { planConversion, type ConversionPlan, type PlanOptions } from './plan.ts';
import type { Outtype } from './tensor-plan.ts';
import { Sources } from './sources.ts';
import { Threads } from './threads.ts';
import { createControl, stop, type Passage, type TranscodeTask } from './transcode.ts';

export interface ConvertOptions extends PlanOptions {
  /**
   * File to write, or an existing folder to put it in under its default name; default: the model folder.
   * In the file's name `{ftype}`, `{outtype}` and their upper-case forms stand for the type.
   */
  outfile?: string;
  /** Counts source bytes; called every few megabytes. */
  onProgress?: (progress: { bytesDone: number; bytesTotal: number }) => void;
  /** Aborting rejects with the signal's reason once the temporary file is gone. */
  signal?: AbortSignal;
  /** Threads; default: one per core, at most 8. */
  workers?: number;
}

export interface Converted {
  outfile: string;
  sizeBytes: number;
  outtype: Outtype;
  tensorCount: number;
}

// Beyond this the disk is the limit, and a thread costs about 20 MB.
const DEFAULT_WORKERS_LIMIT = 8;

/** Faults: those of `planConversion`, and FILE_UNWRITABLE. */
export async function convert(options: ConvertOptions): Promise<Converted> {
  options.signal?.throwIfAborted();
  const control = createControl();
  const count = options.workers ?? Math.min(availableParallelism(), DEFAULT_WORKERS_LIMIT);
  const threads = new Threads(count, control);
  try {
    return await convertWith({ threads, control }, options);
  } finally {
    await threads.end();
  }
}

interface Crew {
  threads: Threads;
  control: SharedArrayBuffer;
}

async function convertWith(crew: Crew, options: ConvertOptions): Promise<Converted> {
  const { outtype, tensors, ...plan } = planConversion(options);
  const arriving = options.arriving ?? [];
  const { small, shards } = listModelFiles(options.modelFolder, arriving);
  const onDisk = shards.filter((shard) => arriving.every(({ name }) => name !== shard));
  const path = await placeOutput(nameOutput(options, outtype), {
    fileName: plan.fileName,
    inputs: [...small, ...onDisk].map((name) => join(options.modelFolder, name)),
  });
  await writeWhole({ path, sizeBytes: plan.sizeBytes }, async (target, behind) => {
    await orUnwritable(path, target.write(plan.header, 0, plan.header.length, 0));
    const sources = new Sources(
      tensors.map(({ source }) => source),
      arriving,
    );
    // In the order in which the bytes of a file come.
    const passages = tensors
      .map((tensor) => passageOf(tensor, { sources, header: plan.header }))
      .sort((a, b) => a.source.slot - b.source.slot || a.source.offsetBytes - b.source.offsetBytes);
    const task = {
      passages,
      target: { path, descriptor: target.fd },
      sources: sources.shared,
      control: crew.control,
    };
    await carryOut(task, { ...options, threads: crew.threads, behind, sources });
    options.signal?.throwIfAborted();
  });
  return { outfile: path, sizeBytes: plan.sizeBytes, outtype, tensorCount: tensors.length };
}

function nameOutput({ outfile, modelFolder }: ConvertOptions, outtype: Outtype): string {
  if (outfile === undefined) return modelFolder;
  const name = basename(outfile)
    .replaceAll(/\{(ftype|outtype)?\}/g, outtype)
    .replaceAll(/\{(FTYPE|OUTTYPE)\}/g, outtype.toUpperCase());
  return join(dirname(outfile), name);
}

function passageOf(
  { source, sourceType, type, shape, offsetBytes }: ConversionPlan['tensors'][number],
  { sources, header }: { sources: Sources; header: Buffer },
): Passage {
  return {
    name: source.name,
    from: sourceType,
    to: type,
    elements: shape.reduce((product, length) => product * length, 1),
    source: { path: source.path, slot: sources.slotOf(source), offsetBytes: source.offsetBytes },
    targetOffsetBytes: header.length + offsetBytes,
  };
}

/** Rejects with the first failure, or the signal's reason, after all threads have ended. */
async function carryOut(
  task: TranscodeTask,
  options: ConvertOptions & { threads: Threads; behind: WriteBehind; sources: Sources },
): Promise<void> {
  const { signal, onProgress, threads, behind, sources } = options;
  const bytesTotal = task.passages.reduce(
    (sum, { from, elements }) => sum + elements * (from === 'F32' ? 4 : 2),
    0,
  );
  let bytesDone = 0;
  const stopThreads = (): void => {
    stop(task.control);
  };
  if (signal?.aborted === true) stopThreads();
  signal?.addEventListener('abort', stopThreads, { once: true });
  try {
    const opened = sources.open(task.control);
    opened.catch(stopThreads);
    await threads.run(task, (bytes) => {
      bytesDone += bytes;
      behind.wrote(bytes);
      onProgress?.({ bytesDone, bytesTotal });
    });
    // Why the threads have stopped, or that all they have read is checked.
    await Promise.race([opened, untilAborted(signal)]);
  } finally {
    sources.close();
    signal?.removeEventListener('abort', stopThreads);
    signal?.throwIfAborted();
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
