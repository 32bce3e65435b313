// Ends this process at once when the pool's process is gone, however it died and whatever the main thread is doing:
// loading a model blocks it for minutes, and a graphics card would stay full. The pool holds the other end of a
// pipe that nobody writes to; a thread, which also runs from this file, waits for that pipe to close.
// Imports nothing of the program, as the thread loads it a second time.
import { once } from 'node:events';
import { rmdirSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Where the pool's pipe is among the worker's descriptors. */
const PIPE_DESCRIPTOR = 3;

interface WatchOrder {
  watchParentOf: string;
}

/** Resolves when the watch stands. On Windows a pipe cannot be opened by its number: there IPC has to do alone. */
export async function watchParent(socketPath: string): Promise<void> {
  process.once('disconnect', () => {
    leave(socketPath);
  });
  if (process.platform === 'win32') return;
  const order: WatchOrder = { watchParentOf: socketPath };
  const watch = new Worker(new URL(import.meta.url), { workerData: order });
  await once(watch, 'message');
  watch.unref();
}

/** SIGKILL, not exit(): native threads may be at work, and exit() would run libllama's destructors under them. */
export function vanish(): void {
  process.kill(process.pid, 'SIGKILL');
}

// The pool that made the sockets' folder cannot remove it any more; the last worker out does.
function leave(socketPath: string): void {
  try {
    rmSync(socketPath, { force: true });
    rmdirSync(dirname(socketPath));
  } catch {
    // Another worker's socket is still in it.
  }
  vanish();
}

function standWatch(socketPath: string): void {
  const pipe = new Socket({ fd: PIPE_DESCRIPTOR, readable: true, writable: false });
  pipe.on('error', () => undefined);
  pipe.once('close', () => {
    leave(socketPath);
  });
  pipe.resume();
  parentPort?.postMessage('standing');
}

const isWatchOrder = (value: unknown): value is WatchOrder =>
  typeof value === 'object' && value !== null && 'watchParentOf' in value;

if (!isMainThread && isWatchOrder(workerData)) standWatch(workerData.watchParentOf);
