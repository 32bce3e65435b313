// The digest of a file that grows: bytes are hashed as soon as all before them are there, read back from the file (that
// is, from the page cache), each byte once, so that what is verified is what was written. Large files in a thread.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { Fault } from '../faults.ts';
import type { RepoFile } from './contract.ts';
import type { DigestTask } from './digest-worker.ts';
import { orLocalFault } from './local-disk.ts';

/** From here on a thread's start costs less than what the hashing would take from the one that receives. */
const THREAD_FROM_BYTES = 16_000_000;

export interface FollowedDigest {
  /** All bytes before this one are in the file. */
  advance(leadingBytes: number): void;
  /** The digest in hex, once all of the file is there. */
  finish(): Promise<string>;
  close(): Promise<void>;
}

type Hashed = Pick<RepoFile, 'sizeBytes' | 'digest'>;

export function followDigest(path: string, file: Hashed): FollowedDigest {
  return file.sizeBytes < THREAD_FROM_BYTES ? hashAtTheEnd(path, file) : hashInThread(path, file);
}

/** Of a file that is whole. */
export async function digestFile(path: string, file: Hashed): Promise<string> {
  const digest = followDigest(path, file);
  try {
    digest.advance(file.sizeBytes);
    return await digest.finish();
  } finally {
    await digest.close();
  }
}

/** Git hashes a head along with the bytes. */
export function startHash({ sizeBytes, digest }: Hashed): Hash {
  return digest.kind === 'sha256'
    ? createHash('sha256')
    : createHash('sha1').update(`blob ${String(sizeBytes)}\0`);
}

function hashAtTheEnd(path: string, file: Hashed): FollowedDigest {
  return {
    advance: () => undefined,
    finish: () =>
      orLocalFault(path, async () => {
        const hash = startHash(file);
        for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) hash.update(piece);
        return hash.digest('hex');
      }),
    close: () => Promise.resolve(),
  };
}

function hashInThread(path: string, file: Hashed): FollowedDigest {
  const progress = new SharedArrayBuffer(8);
  const leading = new BigInt64Array(progress);
  const worker = new Worker(new URL('./digest-worker.js', import.meta.url), {
    workerData: { path, file, progress } satisfies DigestTask,
    // A thread inherits the process's flags otherwise, and `--input-type` of a `node -e` kills it.
    execArgv: [],
  });
  const digest = new Promise<string>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', (error) => {
      reject(new Fault('FILE_UNREADABLE', { path, problem: error.message }, { cause: error }));
    });
  });
  // Nobody waits for it when the download ends before the file does.
  digest.catch(() => undefined);
  return {
    advance: (leadingBytes) => {
      // A message would cost as much as receiving 64 KB.
      Atomics.store(leading, 0, BigInt(leadingBytes));
      Atomics.notify(leading, 0);
    },
    finish: () => digest,
    close: async () => {
      await worker.terminate();
    },
  };
}
