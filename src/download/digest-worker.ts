// The thread of follow-digest.ts: hashes a file up to where it is told, posts the digest when it has had all of it.
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { RepoFile } from './contract.ts';
import { startHash } from './follow-digest.ts';

const PIECE_BYTES = 1 << 20;

const { path, file } = workerData as { path: string; file: Pick<RepoFile, 'sizeBytes' | 'digest'> };
const descriptor = openSync(path, 'r');
const hash = startHash(file);
const piece = Buffer.allocUnsafe(PIECE_BYTES);
let hashedBytes = 0;

parentPort?.on('message', (leadingBytes: number) => {
  while (hashedBytes < leadingBytes) {
    const count = readSync(
      descriptor,
      piece,
      0,
      Math.min(PIECE_BYTES, leadingBytes - hashedBytes),
      hashedBytes,
    );
    // The file is shorter than it was said to be: the digest will not fit.
    if (count === 0) break;
    hash.update(piece.subarray(0, count));
    hashedBytes += count;
  }
  if (leadingBytes < file.sizeBytes) return;
  closeSync(descriptor);
  parentPort?.postMessage(hash.digest('hex'));
  parentPort?.close();
});
