// Converts a Hugging Face model folder into one GGUF file, byte for byte as llama.cpp v0.5.0's converter does.
// Order: plan.ts decides everything, output-file.ts gives a file to fill, threads running transcode.ts move the numbers.
// Memory stays flat whatever the model's size: a header and one chunk per thread.

import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { listModelFiles } from './model-folder.ts';
import { orUnwritable, placeOutput, writeWhole, type Fill, type WriteBehind } from './output-file.ts';
import { planConversion, type ConversionPlan, type PlanOptions } from './plan.ts';
import type { Outtype } from './tensor-plan.ts';
import { Sources } from './sources.ts';
import { Threads } from './threads.ts';
import { createControl, stop, type Passage, type TranscodeTask } from './transcode.ts';
import { writeOnUnfinished, type Ledger } from './unfinished.ts';

export interface ConvertOptions extends PlanOptions {
  /**
   * File to write, or an existing folder to put it in under its default name; default: the model folder.
   * In the file's name `{}`, `{ftype}`, `{outtype}` and the upper-case forms of both words stand for the type.
   */
  outfile?: string;
  /** Counts source bytes; called every few megabytes. */
  onProgress?: (progress: { bytesDone: number; bytesTotal: number }) => void;
  /** Aborting rejects with the signal's reason once the temporary file is gone. */
  signal?: AbortSignal;
  /** Threads; default: one per core, at most 8. */
  workers?: number;
  /** What is written stays for a later run, which the caller keeps away from this one. */
  resumable?: {
    /** An arriving shard will not be read again, by this run or a later one. */
    onShardOver: (name: string) => Promise<void>;
    /** Rejects when another run may have begun. */
    checkHeld: () => Promise<void>;
  };
}

export interface Converted {
  outfile: string;
  sizeBytes: number;
  outtype: Outtype;
  tensorCount: number;
}

// Beyond this the disk is the limit, and a thread costs about 20 MB.
const DEFAULT_WORKERS_LIMIT = 8;

/** Faults: those of `planConversion`, FILE_UNWRITABLE; where it is resumable, NoteUnfit. */
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
  const plan = planConversion(options);
  const { outtype, sizeBytes, header, fileName } = plan;
  const arriving = options.arriving ?? [];
  const { small, shards } = listModelFiles(options.modelFolder, arriving);
  const onDisk = shards.filter((shard) => arriving.every(({ name }) => name !== shard));
  const path = await placeOutput(nameOutput(options, outtype), {
    fileName,
    inputs: [...small, ...onDisk].map((name) => join(options.modelFolder, name)),
  });
  const fill = fillWith({ crew, plan, path }, options);
  if (options.resumable === undefined) await writeWhole({ path, sizeBytes }, fill(NO_LEDGER));
  else await writeOnUnfinished({ path, sizeBytes, header, arriving, ...options.resumable }, fill);
  return { outfile: path, sizeBytes, outtype, tensorCount: plan.tensors.length };
}

const NO_LEDGER: Ledger = { has: () => false, add: () => Promise.resolve() };

/** Writes the header and every tensor but those of shards that are in the file already. */
function fillWith(
  { crew, plan, path }: { crew: Crew; plan: ConversionPlan; path: string },
  options: ConvertOptions,
): (ledger: Ledger) => Fill {
  return (ledger) => async (target, behind) => {
    const { header } = plan;
    await orUnwritable(path, target.write(header, 0, header.length, 0));
    const arriving = (options.arriving ?? []).filter(({ name }) => !ledger.has(name));
    const tensors = plan.tensors.filter(({ source }) => !ledger.has(basename(source.path)));
    const sources = new Sources({
      tensors: tensors.map(({ source }) => source),
      arriving,
      onCarriedOver: async (shard) => {
        await ledger.add(shard);
        await options.resumable?.onShardOver(shard.name);
      },
    });
    // In the order in which the bytes of a file come.
    const passages = tensors
      .map((tensor) => passageOf(tensor, { sources, header }))
      .sort((a, b) => a.source.slot - b.source.slot || a.source.offsetBytes - b.source.offsetBytes);
    const task = {
      passages,
      target: { path, descriptor: target.fd },
      sources: sources.shared,
      control: crew.control,
    };
    const bytesTotal = countSourceBytes(plan.tensors);
    await carryOut(task, {
      ...options,
      threads: crew.threads,
      behind,
      sources,
      progress: { bytesDone: bytesTotal - countSourceBytes(tensors), bytesTotal },
    });
    options.signal?.throwIfAborted();
  };
}

function countSourceBytes(tensors: ConversionPlan['tensors']): number {
  return tensors.reduce((sum, { source }) => sum + source.sizeBytes, 0);
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

interface Carrying extends Pick<ConvertOptions, 'signal' | 'onProgress'> {
  threads: Threads;
  behind: WriteBehind;
  sources: Sources;
  progress: { bytesDone: number; bytesTotal: number };
}

/** Rejects with the first failure, or the signal's reason, after all threads have ended. */
async function carryOut(task: TranscodeTask, options: Carrying): Promise<void> {
  const { signal, onProgress, threads, behind, sources, progress } = options;
  const stopThreads = (): void => {
    stop(task.control);
  };
  if (signal?.aborted === true) stopThreads();
  signal?.addEventListener('abort', stopThreads, { once: true });
  try {
    const opened = sources.open(task.control);
    opened.catch(stopThreads);
    await threads.run(task, (bytes) => {
      progress.bytesDone += bytes;
      behind.wrote(bytes);
      sources.lookAround();
      onProgress?.({ ...progress });
    });
    // Why the threads have stopped, or that all they have read is checked.
    await Promise.race([opened, untilAborted(signal)]);
  } finally {
    await sources.close();
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
