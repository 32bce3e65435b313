// An Embedder over N worker processes. Wires slots (processes), dispatcher (requests) and slices (big calls), and
// owns the order of opening and closing. A call is answered once, by whichever worker lives to do it.
// Knows nothing of models, devices or HTTP clients; a worker's settings pass through unread.
import { isDeepStrictEqual } from 'node:util';
import type { EmbedInput, EmbedOptions, Embeddings, ModelFacts, Profile, TokenOptions } from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import { Admission, NO_ADMISSION_LIMITS } from './admission.ts';
import { Dispatcher } from './dispatcher.ts';
import { DEFAULT_CLOSE_LIMITS, type CloseLimits, type PoolOptions } from './pool-options.ts';
import { ProfileLedger } from './profile-ledger.ts';
import { Questions } from './questions.ts';
import { DEFAULT_RESTART_LIMITS } from './restart-policy.ts';
import { RequestWriter } from './request-writer.ts';
import { planSlices } from './routing.ts';
import { type CallSlice, embedInSlices, shiftIndex } from './slices.ts';
import { openSocketFolder, type SocketFolder } from './socket-folder.ts';
import { waitAtMost } from './wait-at-most.ts';
import { planWorkerEnv } from './worker-env.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { PoolStatus, WorkerPool } from './worker-pool.ts';
import { WorkerSlot } from './worker-slot.ts';

/**
 * Resolves when the first worker is ready. Rejects when all are given up, with the fault that the first of them
 * reported, else WORKER_START_FAILED with its last words; no process and no file is left then.
 */
export async function openPool(options: PoolOptions): Promise<WorkerPool> {
  const folder = await openSocketFolder(options.socketFolder);
  const pool = new ProcessPool(options, folder);
  try {
    await pool.open(options.signal);
    return pool;
  } catch (error) {
    await pool.abandon();
    throw error;
  }
}

class ProcessPool implements WorkerPool {
  readonly givenUp: Promise<Fault>;
  readonly #writer = new RequestWriter();
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  readonly #ledger = new ProfileLedger<WorkerHandle>();
  readonly #questions = new Questions(() => this.#readyWorkers());
  readonly #slots: WorkerSlot[];
  readonly #folder: SocketFolder;
  readonly #closeLimits: CloseLimits;
  #model: ModelFacts | null = null;
  #onFirstReady: () => void = () => undefined;
  #onGivenUp: (fault: Fault) => void = () => undefined;
  #lives: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(options: PoolOptions, folder: SocketFolder) {
    this.#folder = folder;
    this.#dispatcher = new Dispatcher(options.balance);
    this.givenUp = new Promise((resolve) => (this.#onGivenUp = resolve));
    this.#admission = new Admission({ ...NO_ADMISSION_LIMITS, ...options.admission }, this.#dispatcher);
    this.#closeLimits = { ...DEFAULT_CLOSE_LIMITS, ...options.closeLimits };
    this.#slots = Array.from({ length: options.workerCount }, (_, index) => this.#openSlot(options, index));
  }

  get model(): ModelFacts {
    if (this.#model === null) throw new Fault('STARTING', {});
    return this.#model;
  }

  /** Once, and before anything else. */
  open(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        reject(new Fault('CANCELLED', {}));
      };
      if (signal?.aborted === true) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      this.#onFirstReady = () => {
        signal?.removeEventListener('abort', cancel);
        resolve();
      };
      this.#lives = this.#runSlots().then(reject, reject);
    });
  }

  async embed(inputs: readonly EmbedInput[], options: EmbedOptions = {}): Promise<Embeddings> {
    this.#checkOpen();
    const { signal, dimensions = null, longText = null, priority = 0, requestId = null } = options;
    if (signal?.aborted === true) throw new Fault('CANCELLED', {});
    const leave = this.#admission.enter(inputs, priority);
    const request = { inputs, dimensions, longText, priority, requestId };
    try {
      const slices = planSlices(inputs, this.#dispatcher.readyCount);
      if (slices.length > 1)
        return await embedInSlices(slices, signal, ({ start, end }, own) =>
          this.#embedSlice({ ...request, inputs: inputs.slice(start, end), start, signal: own }),
        );
      return await this.#embedSlice({ ...request, start: 0, signal: signal ?? new AbortController().signal });
    } catch (error) {
      throw faultFrom(error);
    } finally {
      leave();
    }
  }

  checkRoom(): void {
    this.#checkOpen();
    this.#admission.checkRoom();
  }

  async tokenise(texts: readonly string[], options: TokenOptions): Promise<number[][]> {
    this.#checkOpen();
    return this.#questions.tokenise(texts, options);
  }

  async detokenise(idLists: readonly (readonly number[])[], options: TokenOptions): Promise<string[]> {
    this.#checkOpen();
    return this.#questions.detokenise(idLists, options);
  }

  async forget(): Promise<void> {
    this.#checkOpen();
    await this.#questions.forget();
  }

  /** The sums of all workers since the pool was opened; of one that is dead or does not answer, as last seen. */
  async profile(): Promise<Profile> {
    this.#checkOpen();
    const asked = this.#slots.map(async ({ worker }) => {
      const profile = worker?.isOpen === true ? await worker.profile() : null;
      if (worker !== null && profile !== null) this.#ledger.see(worker, profile);
    });
    await Promise.all(asked);
    return this.#ledger.total();
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown(this.#closeLimits);
    return this.#closing;
  }

  /** Kills what runs; for a pool that never opened. */
  abandon(): Promise<void> {
    this.#closing ??= this.#shutDown({ drainMs: 0, graceMs: 0 });
    return this.#closing;
  }

  status(): PoolStatus {
    const workers = this.#slots.map((slot) => ({
      ...slot.status(),
      inFlight: slot.worker === null ? 0 : this.#dispatcher.inFlight(slot.worker),
    }));
    const { waitingCount: waiting, failure } = this.#dispatcher;
    const { openTokens } = this.#admission;
    return { workers, waiting, openTokens, failure: failure?.message ?? null };
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw new Fault('STOPPING', {});
    if (this.#dispatcher.failure !== null) throw this.#dispatcher.failure;
  }

  /** The least busy first. */
  #readyWorkers(): WorkerHandle[] {
    const busy = (worker: WorkerHandle) => this.#dispatcher.inFlight(worker);
    return this.#slots
      .flatMap((slot) => (slot.status().state === 'ready' && slot.worker !== null ? [slot.worker] : []))
      .sort((a, b) => busy(a) - busy(b));
  }

  async #embedSlice({ start, signal, ...request }: CallSlice): Promise<Embeddings> {
    try {
      const written = this.#writer.write(request);
      const body = written instanceof Promise ? await written : written;
      const { inputs, priority, requestId } = request;
      const order = { body, inputCount: inputs.length, priority, requestId, signal };
      return await this.#dispatcher.submit(order);
    } catch (error) {
      throw shiftIndex(faultFrom(error), start);
    }
  }

  async #shutDown({ drainMs, graceMs }: CloseLimits): Promise<void> {
    const whenIdle = this.#writer.whenIdle().then(() => this.#dispatcher.whenIdle());
    await waitAtMost(drainMs, whenIdle);
    this.#dispatcher.failAll(new Fault('STOPPING', {}));
    await Promise.all(this.#slots.map((slot) => slot.stop(graceMs)));
    await this.#lives;
    await this.#folder.remove();
  }

  // Resolves when no worker lives or will live, with the reason.
  async #runSlots(): Promise<Fault> {
    const faults: Fault[] = [];
    const lives = this.#slots.map(async (slot) => {
      const fault = await slot.run();
      if (fault !== null) faults.push(fault);
    });
    await Promise.all(lives);
    const [first = new Fault('STOPPING', {})] = faults;
    const areAllGivenUp = this.#model !== null && faults.length === this.#slots.length;
    const end = areAllGivenUp ? renderEnd(faults.at(-1) ?? first) : first;
    this.#dispatcher.failAll(end);
    if (areAllGivenUp) this.#onGivenUp(end);
    return end;
  }

  #openSlot(options: PoolOptions, index: number): WorkerSlot {
    const { workerEntry, settings, env, log = () => undefined, restartLimits } = options;
    return new WorkerSlot({
      index,
      log,
      limits: { ...DEFAULT_RESTART_LIMITS, ...restartLimits },
      events: {
        onReady: (worker, model) => {
          this.#admit(worker, model);
        },
        onDeath: (worker, death) => {
          this.#ledger.bury(worker);
          return this.#dispatcher.workerDied(worker, death);
        },
      },
      planStart: () => ({
        entry: workerEntry,
        socketPath: this.#folder.nextSocketPath(),
        settings: settings(index),
        env: planWorkerEnv(process.env, env?.(index) ?? {}),
      }),
    });
  }

  #admit(worker: WorkerHandle, model: ModelFacts): void {
    this.#model ??= model;
    if (!isDeepStrictEqual(model, this.#model)) {
      const problem = 'its model differs from that of the other workers; was the file replaced?';
      throw new Fault('WORKER_START_FAILED', { problem });
    }
    this.#ledger.open(worker);
    this.#dispatcher.workerReady(worker);
    this.#onFirstReady();
  }
}

/** A worker that never was ready has a fault of its own. */
const renderEnd = (fault: Fault): Fault =>
  fault.code === 'WORKERS_GIVEN_UP' ? fault : new Fault('WORKERS_GIVEN_UP', { problem: fault.message });
