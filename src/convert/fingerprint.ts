// A content identity of a model folder, cheap enough to be taken at every launch, so that a converted file can be found
// again. Small files count whole; of each shard its header, its size and one block per tensor.
// A weight file that changes keeps its identity only if every sampled block stays the same: training, merging, another
// precision or another download touch nearly all blocks; flipping a few bytes by hand between the samples does not show.
// Names of folders and times of change do not count.

import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { join } from 'node:path';

import { openRegularFile, readAt, readSmallFile } from './files.ts';
import { listModelFiles } from './model-folder.ts';
import { readSafetensors } from './safetensors.ts';

const SAMPLE_BYTES = 4096;
/** Changed whenever the converter writes other bytes for the same folder. */
export const CONVERTER_VERSION = 2;

/** Hexadecimal. Faults: MODEL_MISSING, WEIGHTS_CORRUPT, FILE_UNREADABLE. */
export function fingerprintModelFolder(modelFolder: string): string {
  const hash = createHash('sha256').update(`qwen-embed ${String(CONVERTER_VERSION)}`);
  const { small, shards } = listModelFiles(modelFolder);
  for (const name of small) {
    const content = readSmallFile(join(modelFolder, name)) ?? Buffer.alloc(0);
    hash.update(`\n${name} ${String(content.length)}\n`).update(content);
  }
  for (const name of shards) addShard(hash, { name, path: join(modelFolder, name) });
  return hash.digest('hex');
}

function addShard(hash: Hash, { name, path }: { name: string; path: string }): void {
  const tensors = readSafetensors(path);
  const descriptor = openRegularFile(path);
  try {
    hash.update(`\n${name} ${String(fstatSync(descriptor).size)}\n`);
    for (const { name: tensor, dtype, shape, offsetBytes, sizeBytes } of tensors) {
      hash.update(JSON.stringify([tensor, dtype, shape, offsetBytes]));
      const sampleBytes = Math.min(SAMPLE_BYTES, sizeBytes);
      const middle = offsetBytes + Math.floor((sizeBytes - sampleBytes) / 2);
      hash.update(readAt(path, descriptor, { offset: middle, sizeBytes: sampleBytes }));
    }
  } finally {
    closeSync(descriptor);
  }
}
