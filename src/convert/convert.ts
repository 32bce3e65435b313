// Converts a Hugging Face model folder into one GGUF file, byte for byte as llama.cpp v0.5.0's converter does.
// Order: plan.ts decides everything, output-file.ts gives a file to fill, threads running transcode.ts move the numbers.
// Memory stays flat whatever the model's size: a header and one chunk per thread.

import { open, type FileHandle } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { Fault, faultFromWire, type WireFault } from '../faults.ts';
import { listModelFiles } from './model-folder.ts';
import { orUnwritable, placeOutput, writeWhole, type WriteBehind } from './output-file.ts';
import { planConversion, type ConversionPlan, type PlanOptions } from './plan.ts';
import type { Outtype } from './tensor-plan.ts';
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
  const { outtype, tensors, ...plan } = planConversion(options);
  const { small, shards } = listModelFiles(options.modelFolder);
  const path = await placeOutput(nameOutput(options, outtype), {
    fileName: plan.fileName,
    inputs: [...small, ...shards].map((name) => join(options.modelFolder, name)),
  });
  await writeWhole({ path, sizeBytes: plan.sizeBytes }, async (target, behind) => {
    await orUnwritable(path, target.write(plan.header, 0, plan.header.length, 0));
    const sources = await openSources(tensors.map(({ source }) => source.path));
    try {
      const passages = tensors.map((tensor) => passageOf(tensor, { sources, header: plan.header }));
      await runThreads(
        { passages, target: { path, descriptor: target.fd }, control: createControl() },
        options,
        behind,
      );
    } finally {
      await Promise.all([...sources.values()].map((source) => source.close()));
    }
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

async function openSources(paths: readonly string[]): Promise<Map<string, FileHandle>> {
  const sources = new Map<string, FileHandle>();
  for (const path of new Set(paths)) {
    try {
      sources.set(path, await open(path));
    } catch (error) {
      await Promise.all([...sources.values()].map((source) => source.close()));
      throw new Fault('FILE_UNREADABLE', { path, problem: (error as Error).message }, { cause: error });
    }
  }
  return sources;
}

function passageOf(
  { source, sourceType, type, shape, offsetBytes }: ConversionPlan['tensors'][number],
  { sources, header }: { sources: ReadonlyMap<string, FileHandle>; header: Buffer },
): Passage {
  return {
    name: source.name,
    from: sourceType,
    to: type,
    elements: shape.reduce((product, length) => product * length, 1),
    source: {
      path: source.path,
      descriptor: sources.get(source.path)?.fd ?? -1,
      offsetBytes: source.offsetBytes,
    },
    targetOffsetBytes: header.length + offsetBytes,
  };
}

/** Rejects with the first thread's fault, or the signal's reason, after all threads have ended. */
async function runThreads(task: TranscodeTask, options: ConvertOptions, behind: WriteBehind): Promise<void> {
  const { signal, onProgress, workers } = options;
  const bytesTotal = task.passages.reduce(
    (sum, { from, elements }) => sum + elements * (from === 'F32' ? 4 : 2),
    0,
  );
  let bytesDone = 0;
  const onBytes = (bytes: number): void => {
    bytesDone += bytes;
    behind.wrote(bytes);
    onProgress?.({ bytesDone, bytesTotal });
  };
  const onAbort = (): void => {
    stop(task.control);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const count = workers ?? Math.min(availableParallelism(), DEFAULT_WORKERS_LIMIT);
  const threads = Array.from({ length: count }, () => runThread(task, onBytes));
  const ended = await Promise.allSettled(threads);
  signal?.removeEventListener('abort', onAbort);
  signal?.throwIfAborted();
  for (const thread of ended) if (thread.status === 'rejected') throw thread.reason;
}

// Settles when the thread has ended, not when it reports: its descriptors must not be closed under it.
function runThread(task: TranscodeTask, onBytes: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let fault: Fault | null = null;
    // A thread inherits the process's flags otherwise, and `--input-type` of a `node -e` kills it.
    const thread = new Worker(new URL('./transcode-worker.js', import.meta.url), {
      workerData: task,
      execArgv: [],
    });
    thread.on('message', (message: number | WireFault) => {
      if (typeof message === 'number') onBytes(message);
      else fault = faultFromWire(message);
    });
    thread.on('error', (error) => {
      stop(task.control);
      fault = new Fault('BUG', { problem: `a conversion thread died: ${error.message}` }, { cause: error });
    });
    thread.on('exit', () => {
      if (fault === null) resolve();
      else reject(fault);
    });
  });
}
