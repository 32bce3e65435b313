// A conversion that outlives its process: the file under a name of its own, and beside it a note of the shards whose
// numbers are all in it. What a note says is on the disk, so whoever reads it may do without those shards.
//
//   FILE.unfinished         of its whole size from the start; holes where nothing has been written yet
//   FILE.unfinished.json    {"version", "headerSha256", "sizeBytes", "shards": [{"name", "identity", "tensors"}]}
//
// Numbers first, then a sync, then the note. Two processes must not work on one file: whoever writes holds a lock on it.

import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';

import type { ArrivingShard } from './arriving-shard.ts';
import { CONVERTER_VERSION } from './fingerprint.ts';
import {
  checkSpace,
  fillAndName,
  orUnwritable,
  replaceSynced,
  type Fill,
  type OutputFile,
  type WriteBehind,
} from './output-file.ts';
import type { SafeTensor } from './safetensors.ts';

/** A shard that no conversion of this file needs any more. */
export interface NotedShard extends Pick<ArrivingShard, 'name' | 'identity'> {
  tensors: Omit<SafeTensor, 'path'>[];
}

interface Note {
  version: number;
  /** Tells the names, types, shapes and places of everything in the file, and its metadata. */
  headerSha256: string;
  sizeBytes: number;
  shards: NotedShard[];
}

export const unfinishedOf = (path: string): string => `${path}.unfinished`;

/** What an unfinished file is going to be called; null for other files. */
export function wholeNameOf(path: string): string | null {
  const ending = unfinishedOf('');
  return path.endsWith(ending) ? path.slice(0, -ending.length) : null;
}

export const noteOf = (path: string): string => `${unfinishedOf(path)}.json`;

/** The note is of another file than the one that is now to be written. */
export class NoteUnfit extends Error {
  constructor(path: string) {
    super(`${noteOf(path)} is of another file`);
  }
}

/** The shards that are in the unfinished file for `path`; none where there is nothing, or nothing to rely on. */
export function readNotedShards(path: string): NotedShard[] {
  return readNote(path)?.shards ?? [];
}

function readNote(path: string): Note | null {
  try {
    const note = JSON.parse(readFileSync(noteOf(path), 'utf8')) as Note;
    const { size } = statSync(unfinishedOf(path));
    return note.version === CONVERTER_VERSION && size === note.sizeBytes ? note : null;
  } catch {
    return null;
  }
}

export async function removeUnfinished(path: string): Promise<void> {
  // The note goes first: a file without one counts as empty.
  for (const gone of [noteOf(path), unfinishedOf(path)]) await orUnwritable(path, rm(gone, { force: true }));
}

/** What is known to be in the file, and becomes so. */
export interface Ledger {
  has(shard: string): boolean;
  /** Resolves when all that was written is on the disk and the shard is noted. */
  add(shard: ArrivingShard): Promise<void>;
}

interface KeptOutput extends OutputFile {
  header: Buffer;
  /** Every shard, also those that are noted. */
  arriving: readonly ArrivingShard[];
  /** Rejects when another process may have taken over. */
  checkHeld: () => Promise<void>;
}

/**
 * Like `writeWhole`, on top of what is noted; what has been noted stays after a failure.
 * Faults: NoteUnfit, FILE_UNWRITABLE, those of `fill` and of `checkHeld`.
 */
export async function writeOnUnfinished(output: KeptOutput, fill: (ledger: Ledger) => Fill): Promise<void> {
  const { path, header, sizeBytes, checkHeld, arriving } = output;
  const found = readNote(path);
  const note = found ?? { version: CONVERTER_VERSION, headerSha256: digestOf(header), sizeBytes, shards: [] };
  const isSameFile = note.headerSha256 === digestOf(header) && note.sizeBytes === sizeBytes;
  const areSameShards = note.shards.every((noted) => arriving.some((shard) => isSame(shard, noted)));
  if (!isSameFile || !areSameShards) throw new NoteUnfit(path);
  if (found === null) await removeUnfinished(path);
  const partial = unfinishedOf(path);
  const handle = await orUnwritable(path, open(partial, found === null ? 'wx' : 'r+'));
  try {
    await fillAndName(handle, { path, sizeBytes, partial }, async (target, behind) => {
      await checkRoom(output, target);
      await fill(keepLedger({ path, note, behind, checkHeld }))(target, behind);
      await checkHeld();
    });
  } catch (error) {
    if (note.shards.length === 0) await removeUnfinished(path);
    throw error;
  }
  await orUnwritable(path, rm(noteOf(path), { force: true }));
}

async function checkRoom({ path, sizeBytes }: OutputFile, handle: FileHandle): Promise<void> {
  const { blocks } = await orUnwritable(path, handle.stat());
  await checkSpace(path, Math.max(0, sizeBytes - 512 * blocks));
}

function keepLedger({
  path,
  note,
  behind,
  checkHeld,
}: {
  path: string;
  note: Note;
  behind: WriteBehind;
  checkHeld: () => Promise<void>;
}): Ledger {
  return {
    has: (name) => note.shards.some((shard) => shard.name === name),
    add: async ({ name, identity, tensors }) => {
      await orUnwritable(path, behind.sync());
      await checkHeld();
      note.shards.push({ name, identity, tensors: tensors.map(withoutPath) });
      await replaceSynced(noteOf(path), JSON.stringify(note));
    },
  };
}

const withoutPath = ({
  name,
  dtype,
  shape,
  offsetBytes,
  sizeBytes,
}: SafeTensor): Omit<SafeTensor, 'path'> => ({
  name,
  dtype,
  shape,
  offsetBytes,
  sizeBytes,
});

const isSame = (one: ArrivingShard, other: NotedShard): boolean =>
  one.name === other.name && one.identity === other.identity;

const digestOf = (header: Buffer): string => createHash('sha256').update(header).digest('hex');
