// The threads that carry numbers over: started before there is a task, because starting them takes as long as planning
// takes on another core. Owns their lives; what they do is in transcode.ts.

import { Worker } from 'node:worker_threads';

import { Fault, faultFromWire, type WireFault } from '../faults.ts';
import { stop, type TranscodeTask } from './transcode.ts';

interface Thread {
  worker: Worker;
  /** Rejects with the thread's fault; settles when the thread has ended, not when it reports. */
  ended: Promise<void>;
}

export class Threads {
  readonly #threads: Thread[];
  #onBytes: (bytes: number) => void = () => undefined;

  /** `control` is that of the task to come. */
  constructor(count: number, control: SharedArrayBuffer) {
    this.#threads = Array.from({ length: count }, () => this.#start(control));
  }

  /** Once. Rejects with the first thread's fault after all have ended: no descriptor is closed under one of them. */
  async run(task: TranscodeTask, onBytes: (bytes: number) => void): Promise<void> {
    this.#onBytes = onBytes;
    for (const { worker } of this.#threads) worker.postMessage(task);
    const ended = await Promise.allSettled(this.#threads.map((thread) => thread.ended));
    for (const thread of ended) if (thread.status === 'rejected') throw thread.reason;
  }

  /** Ends threads that never got a task; does nothing to those that have ended. */
  async end(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(control: SharedArrayBuffer): Thread {
    // A thread inherits the process's flags otherwise, and `--input-type` of a `node -e` kills it.
    const worker = new Worker(new URL('./transcode-worker.js', import.meta.url), { execArgv: [] });
    const ended = new Promise<void>((resolve, reject) => {
      let fault: Fault | null = null;
      worker.on('message', (message: number | WireFault) => {
        if (typeof message === 'number') this.#onBytes(message);
        else fault = faultFromWire(message);
      });
      worker.on('error', (error) => {
        stop(control);
        fault = new Fault('BUG', { problem: `a conversion thread died: ${error.message}` }, { cause: error });
      });
      worker.on('exit', () => {
        if (fault === null) resolve();
        else reject(fault);
      });
    });
    // Whoever runs a task hears of it; without one it does not matter.
    ended.catch(() => undefined);
    return { worker, ended };
  }
}
