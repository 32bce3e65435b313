// The files that a running conversion reads: each is opened when it is there, or grows, and announced to the threads, which
// wait for what they need of it; closed and handed on when all of it is checked and carried over. Owns the descriptors.

import { closeSync, openSync } from 'node:fs';

import { Fault } from '../faults.ts';
import { BytesWithdrawn, type ArrivingShard } from './arriving-shard.ts';
import type { SafeTensor } from './safetensors.ts';
import { announceSource, createSources, isCarriedOver } from './transcode.ts';

interface Source {
  /** Shown in faults, and where the file is when it does not arrive. */
  path: string;
  slot: number;
  arriving: ArrivingShard | undefined;
  descriptor: number | null;
  isOver: boolean;
  carriedOver: Promise<void>;
  tellCarriedOver: () => void;
}

interface SourcesOptions {
  tensors: readonly SafeTensor[];
  arriving: readonly ArrivingShard[];
  /** One at a time; what it rejects with ends the conversion. */
  onCarriedOver: (shard: ArrivingShard) => Promise<void>;
}

export class Sources {
  /** For `TranscodeTask.sources`. */
  readonly shared: SharedArrayBuffer;
  readonly #sources: Source[];
  readonly #onCarriedOver: SourcesOptions['onCarriedOver'];
  #handedOn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor({ tensors, arriving, onCarriedOver }: SourcesOptions) {
    // In the order of their names, in which they may come one after another; also those that nothing is read from.
    const paths = [...new Set([...tensors, ...arriving].map(({ path }) => path))].sort(byBytes);
    this.#sources = paths.map((path, slot) => makeSource({ path, slot, arriving }));
    this.#onCarriedOver = onCarriedOver;
    this.shared = createSources(
      paths.map((path) =>
        tensors.filter((tensor) => tensor.path === path).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      ),
    );
  }

  slotOf({ path }: SafeTensor): number {
    return this.#sources.findIndex((source) => source.path === path);
  }

  /**
   * Opens every file as it comes, until `close`. Resolves when all are checked, carried over and handed on; rejects with
   * the first file's failure: FILE_UNREADABLE, its own, or BytesWithdrawn.
   */
  async open(control: SharedArrayBuffer): Promise<void> {
    this.lookAround();
    await Promise.all(this.#sources.map((source) => this.#openOne(source, control)));
  }

  /** To be called when threads have carried something over. */
  lookAround(): void {
    for (const { slot, tellCarriedOver } of this.#sources)
      if (isCarriedOver(this.shared, slot)) tellCarriedOver();
  }

  async #openOne(source: Source, control: SharedArrayBuffer): Promise<void> {
    const { arriving, path } = source;
    const file =
      arriving === undefined ? path : await Promise.race([arriving.whole, this.#follow(source, control)]);
    this.#announce(source, { file, leadingBytes: Number.MAX_SAFE_INTEGER, control });
    await source.carriedOver;
    const handedOn = this.#handedOn.then(() => this.#handOn(source));
    this.#handedOn = handedOn.catch(() => undefined);
    await handedOn;
  }

  /** Lets the threads read what is there of a file that grows; rejects when that was wrong. */
  #follow(source: Source, control: SharedArrayBuffer): Promise<never> {
    let seenBytes = 0;
    return new Promise((_, reject) => {
      source.arriving?.follow?.(({ partialPath: file, leadingBytes }) => {
        if (leadingBytes < seenBytes) reject(new BytesWithdrawn(source.path));
        if (leadingBytes <= seenBytes) return;
        seenBytes = leadingBytes;
        try {
          this.#announce(source, { file, leadingBytes, control });
        } catch {
          // It has got its final name: that it is whole is told next.
        }
      });
    });
  }

  #announce(
    source: Source,
    { file, leadingBytes, control }: { file: string; leadingBytes: number; control: SharedArrayBuffer },
  ): void {
    if (this.#isClosed || source.isOver) return;
    source.descriptor ??= openReadable(file, source.path);
    const { slot, descriptor } = source;
    announceSource({ sources: this.shared, control }, { slot, descriptor, leadingBytes });
  }

  // Closed before: whoever removes the file frees its blocks.
  async #handOn(source: Source): Promise<void> {
    if (this.#isClosed) return;
    closeSource(source);
    if (source.arriving !== undefined) await this.#onCarriedOver(source.arriving);
  }

  /** To be called when no thread reads any more; resolves when nobody is being told any more either. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#handedOn;
    for (const source of this.#sources) closeSource(source);
  }
}

function makeSource({
  path,
  slot,
  arriving,
}: Pick<Source, 'path' | 'slot'> & Pick<SourcesOptions, 'arriving'>): Source {
  let tellCarriedOver: () => void = () => undefined;
  const carriedOver = new Promise<void>((resolve) => (tellCarriedOver = resolve));
  const shard = arriving.find((one) => one.path === path);
  return { path, slot, arriving: shard, descriptor: null, isOver: false, carriedOver, tellCarriedOver };
}

function closeSource(source: Source): void {
  source.isOver = true;
  if (source.descriptor !== null) closeSync(source.descriptor);
  source.descriptor = null;
}

function openReadable(file: string, path: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', { path, problem: (error as Error).message }, { cause: error });
  }
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
