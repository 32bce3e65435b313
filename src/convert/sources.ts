// The files that a running conversion reads: each is opened when it is there, or grows, and announced to the threads, which
// wait for what they need of it. Owns the descriptors.

import { closeSync, openSync } from 'node:fs';

import { Fault } from '../faults.ts';
import { BytesWithdrawn, type ArrivingShard } from './arriving-shard.ts';
import type { SafeTensor } from './safetensors.ts';
import { announceSource, createSources } from './transcode.ts';

interface Source {
  /** Shown in faults, and where the file is when it does not arrive. */
  path: string;
  slot: number;
  arriving: ArrivingShard | undefined;
  descriptor: number | null;
}

export class Sources {
  /** For `TranscodeTask.sources`. */
  readonly shared: SharedArrayBuffer;
  readonly #sources: Source[];
  #closed = false;

  constructor(tensors: readonly SafeTensor[], arriving: readonly ArrivingShard[] = []) {
    const paths = [...new Set(tensors.map(({ path }) => path))];
    this.#sources = paths.map((path, slot) => ({
      path,
      slot,
      arriving: arriving.find((shard) => shard.tensors[0]?.path === path),
      descriptor: null,
    }));
    this.shared = createSources(paths.length);
  }

  slotOf({ path }: SafeTensor): number {
    return this.#sources.findIndex((source) => source.path === path);
  }

  /**
   * Opens every file as it comes, until `close`. Resolves when all are whole and checked; rejects with the first file's
   * failure: FILE_UNREADABLE, its own, or BytesWithdrawn.
   */
  async open(control: SharedArrayBuffer): Promise<void> {
    await Promise.all(this.#sources.map((source) => this.#openOne(source, control)));
  }

  async #openOne(source: Source, control: SharedArrayBuffer): Promise<void> {
    const { arriving, path } = source;
    const file =
      arriving === undefined ? path : await Promise.race([arriving.whole, this.#follow(source, control)]);
    if (!this.#closed) this.#announce(source, { file, leadingBytes: Number.MAX_SAFE_INTEGER, control });
  }

  /** Lets the threads read what is there of a file that grows; rejects when that was wrong. */
  #follow(source: Source, control: SharedArrayBuffer): Promise<never> {
    let seenBytes = 0;
    return new Promise((_, reject) => {
      source.arriving?.follow?.(({ partialPath: file, leadingBytes }) => {
        if (leadingBytes < seenBytes) reject(new BytesWithdrawn(source.path));
        if (this.#closed || leadingBytes <= seenBytes) return;
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
    source.descriptor ??= openReadable(file, source.path);
    const { slot, descriptor } = source;
    announceSource({ sources: this.shared, control }, { slot, descriptor, leadingBytes });
  }

  /** To be called when no thread reads any more. */
  close(): void {
    this.#closed = true;
    for (const { descriptor } of this.#sources) if (descriptor !== null) closeSync(descriptor);
  }
}

function openReadable(file: string, path: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', { path, problem: (error as Error).message }, { cause: error });
  }
}
