// The files that a running conversion reads: each is opened when it is there and announced to the threads, which wait
// for it. Owns the descriptors.

import { open, type FileHandle } from 'node:fs/promises';

import { Fault } from '../faults.ts';
import type { ArrivingShard } from './arriving-shard.ts';
import type { SafeTensor } from './safetensors.ts';
import { announceSource, createSources } from './transcode.ts';

export class Sources {
  /** For `TranscodeTask.sources`. */
  readonly shared: SharedArrayBuffer;
  readonly #paths: string[];
  readonly #whole: Map<string, Promise<string>>;
  readonly #handles: FileHandle[] = [];
  #closed = false;

  constructor(tensors: readonly SafeTensor[], arriving: readonly ArrivingShard[] = []) {
    this.#paths = [...new Set(tensors.map(({ path }) => path))];
    this.#whole = new Map(
      arriving.flatMap((shard) => shard.tensors.slice(0, 1).map(({ path }) => [path, shard.whole])),
    );
    this.shared = createSources(this.#paths.length);
  }

  slotOf({ path }: SafeTensor): number {
    return this.#paths.indexOf(path);
  }

  /** Opens every file as it comes, until `close`. Rejects with the first file's failure: FILE_UNREADABLE or its own. */
  async open(control: SharedArrayBuffer): Promise<void> {
    await Promise.all(this.#paths.map((path, slot) => this.#openOne({ path, slot }, control)));
  }

  async #openOne({ path, slot }: { path: string; slot: number }, control: SharedArrayBuffer): Promise<void> {
    const file = (await this.#whole.get(path)) ?? path;
    const handle = await openReadable(file);
    if (this.#closed) return handle.close();
    this.#handles.push(handle);
    announceSource({ sources: this.shared, control }, { slot, descriptor: handle.fd });
  }

  /** To be called when no thread reads any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#handles.map((handle) => handle.close()));
  }
}

async function openReadable(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', { path, problem: (error as Error).message }, { cause: error });
  }
}
