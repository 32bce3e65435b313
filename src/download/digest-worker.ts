// The thread of follow-digest.ts: hashes a file as far as it is told that the bytes are there, posts the digest when it has
// had all of them.
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { RepoFile } from './contract.ts';
import { startHash } from './follow-digest.ts';

// Hashed while it is in the core's own cache.
const PIECE_BYTES = 256 << 10;

export interface DigestTask {
  path: string;
  file: Pick<RepoFile, 'sizeBytes' | 'digest'>;
  /** One int64: how many bytes are there, without a gap. */
  progress: SharedArrayBuffer;
}

const { path, file, progress } = workerData as DigestTask;
const leadingBytes = new BigInt64Array(progress);
const hash = startHash(file);
const piece = Buffer.allocUnsafe(PIECE_BYTES);
const descriptor = openSync(path, 'r');
let hashedBytes = 0;
while (hashedBytes < file.sizeBytes) {
  const there = Atomics.load(leadingBytes, 0);
  const wanted = Math.min(PIECE_BYTES, Number(there) - hashedBytes);
  if (wanted === 0) {
    Atomics.wait(leadingBytes, 0, there);
    continue;
  }
  const count = readSync(descriptor, piece, 0, wanted, hashedBytes);
  // The file is shorter than it was said to be: the digest will not fit.
  if (count === 0) break;
  hash.update(piece.subarray(0, count));
  hashedBytes += count;
}
closeSync(descriptor);
parentPort?.postMessage(hash.digest('hex'));
