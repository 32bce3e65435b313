// Threads for the jobs that would hold up the loop which accepts requests: started when first needed, one job each at a
// time, ended with the server. A thread that dies loses its job, and whoever ordered it is told; it loses nothing else.
// Knows no job: names and data go to jobs.ts, which each thread loads by running this file once more.

import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { faultFrom, faultFromWire, type WireFault } from '../faults.ts';
import { buffersOf, runJob, type Done, type JobInput, type JobName, type JobResult } from './jobs.ts';

/** Eight write more than 100 million numbers a second, which is more than a machine of eight cards computes. */
const MAX_THREADS = 8;

export interface ThreadsOptions {
  /** How many at most; default: one less than there are cores. */
  count?: number;
  /** What a thread runs; for tests. */
  entry?: URL;
  onDeath?: (problem: string) => void;
}

interface Ticket {
  name: JobName;
  input: unknown;
  /** What of the input the thread may keep; the rest is shared or copied. */
  transfer: ArrayBuffer[];
  settle: (reply: Reply | null) => void;
}

type Reply = { done: Done<unknown> } | { fault: WireFault };

const ROLE = 'qwen-embed server thread';

export class Threads {
  readonly #options: ThreadsOptions;
  readonly #all = new Set<Worker>();
  readonly #busy = new Map<Worker, Ticket>();
  #waiting: Ticket[] = [];
  #isClosed = false;

  constructor(options: ThreadsOptions = {}) {
    this.#options = options;
  }

  get count(): number {
    return this.#options.count ?? Math.min(MAX_THREADS, Math.max(1, availableParallelism() - 1));
  }

  /** Null when the thread died over it, or none can be had. Faults: the job's. */
  async run<Name extends JobName>(
    name: Name,
    input: JobInput<Name>,
    transfer: ArrayBuffer[] = [],
  ): Promise<Done<JobResult<Name>> | null> {
    if (this.#isClosed) return null;
    const reply = await new Promise<Reply | null>((settle) => {
      this.#waiting.push({ name, input, transfer, settle });
      this.#dispatch();
    });
    if (reply === null) return null;
    if ('fault' in reply) throw faultFromWire(reply.fault);
    return reply.done as Done<JobResult<Name>>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { settle } of this.#waiting.splice(0)) settle(null);
    const ends = [...this.#all].map((thread) => {
      // An idle one would not keep the process alive until it has ended, and this promise would stay open.
      thread.ref();
      return thread.terminate();
    });
    await Promise.all(ends);
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#findIdle();
      if (thread === null) return;
      const ticket = this.#waiting.shift();
      if (ticket === undefined) return;
      this.#busy.set(thread, ticket);
      thread.ref();
      thread.postMessage({ name: ticket.name, input: ticket.input }, ticket.transfer);
    }
  }

  #findIdle(): Worker | null {
    for (const thread of this.#all) if (!this.#busy.has(thread)) return thread;
    return this.#all.size < this.count ? this.#start() : null;
  }

  #start(): Worker {
    // Flags of the whole program, such as --input-type, may not fit this file.
    const thread = new Worker(this.#options.entry ?? new URL(import.meta.url), {
      workerData: ROLE,
      execArgv: [],
    });
    let problem: string | null = null;
    this.#all.add(thread);
    thread.on('message', (reply: Reply) => {
      this.#finish(thread, reply);
    });
    thread.on('messageerror', (error) => {
      problem = error.message;
      thread.terminate().catch(() => undefined);
    });
    thread.on('error', (error) => {
      problem = error.message;
    });
    thread.once('exit', (code) => {
      this.#all.delete(thread);
      if (!this.#isClosed) this.#options.onDeath?.(problem ?? `it exited with code ${String(code)}`);
      this.#finish(thread, null);
    });
    return thread;
  }

  #finish(thread: Worker, reply: Reply | null): void {
    const ticket = this.#busy.get(thread);
    this.#busy.delete(thread);
    // Between jobs it does not keep the process alive.
    thread.unref();
    ticket?.settle(reply);
    this.#dispatch();
  }
}

function serveJobs(): void {
  parentPort?.on('message', ({ name, input }: { name: JobName; input: JobInput<JobName> }) => {
    try {
      const done = runJob(name, input);
      parentPort?.postMessage({ done }, buffersOf(done.value));
    } catch (error) {
      parentPort?.postMessage({ fault: faultFrom(error).toWire() });
    }
  });
}

if (!isMainThread && workerData === ROLE) serveJobs();
