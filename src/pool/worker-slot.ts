// One seat in the pool: a worker process and its successors. Starts it, reports it ready and dead, restarts it by
// restart-policy.ts until it is given up or stopped. What a death means for requests is the listener's business.
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelFacts } from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import type { Inquest } from './dispatcher.ts';
import type { Log } from '../log.ts';
import { planRestart, wasFutile, type RestartLimits } from './restart-policy.ts';
import { renderDeath, type Death } from './suspicion.ts';
import { WorkerHandle, type WorkerStart } from './worker-handle.ts';

export type SlotState = 'starting' | 'ready' | 'resting' | 'given-up' | 'stopped';

interface SlotEvents {
  /** Throws a fault to refuse the worker. */
  onReady: (worker: WorkerHandle, model: ModelFacts) => void;
  /** Only for workers that were ready. */
  onDeath: (worker: WorkerHandle, death: Death) => Inquest;
}

export interface SlotOptions {
  index: number;
  limits: RestartLimits;
  log: Log;
  events: SlotEvents;
  /** What to start; asked anew each time, as a socket path serves once. */
  planStart: () => Omit<WorkerStart, 'onLine' | 'onNote' | 'startTimeoutMs' | 'silenceTimeoutMs'>;
}

export interface SlotStatus {
  index: number;
  state: SlotState;
  pid: number | null;
  deaths: number;
  /** Why it last died or was given up. */
  problem: string | null;
}

export class WorkerSlot {
  readonly #options: SlotOptions;
  readonly #stopping = new AbortController();
  #worker: WorkerHandle | null = null;
  #state: SlotState = 'starting';
  #deaths = 0;
  #startedMs = 0;
  /** When the present worker became ready. */
  #readyMs: number | null = null;
  #futileLives = 0;
  #everReady = false;
  #problem: string | null = null;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get worker(): WorkerHandle | null {
    return this.#worker;
  }

  status(): SlotStatus {
    const pid = this.#worker?.pid ?? null;
    return {
      index: this.#options.index,
      state: this.#state,
      pid,
      deaths: this.#deaths,
      problem: this.#problem,
    };
  }

  /** Resolves with the fault when the worker is given up, with null when the slot was stopped. */
  async run(): Promise<Fault | null> {
    while (!this.#isStopping()) {
      const fault = await this.#liveOnce();
      if (fault !== null) return fault;
    }
    this.#state = 'stopped';
    return null;
  }

  /** The order to stop to a ready worker, SIGKILL after the grace time or while it loads; `run` resolves afterwards. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#worker?.stop(this.#state === 'ready' ? graceMs : 0);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  // One worker from start to death and the rest after it; a fault means that there shall be no next one.
  async #liveOnce(): Promise<Fault | null> {
    const worker = this.#start();
    let fault: Fault | null = null;
    let inquest: Inquest = { isExplained: false, requestIds: [], guiltyIds: [] };
    try {
      const model = await worker.ready;
      this.#options.events.onReady(worker, model);
      this.#becomeReady(worker);
      inquest = this.#options.events.onDeath(worker, await worker.died);
    } catch (error) {
      fault = faultFrom(error);
      worker.kill();
    }
    const death = await worker.died;
    this.#worker = null;
    if (this.#isStopping()) return null;
    return this.#afterDeath({ worker, death, fault, inquest });
  }

  #start(): WorkerHandle {
    const { index, limits, log, planStart } = this.#options;
    this.#state = 'starting';
    this.#startedMs = performance.now();
    this.#readyMs = null;
    const worker = new WorkerHandle({
      ...planStart(),
      startTimeoutMs: limits.startTimeoutMs,
      silenceTimeoutMs: limits.silenceTimeoutMs,
      onLine: (line) => {
        log('debug', line, { worker: index });
      },
      onNote: ({ level, message, requestIds }) => {
        log(level, message, { worker: index, requestIds });
      },
    });
    this.#worker = worker;
    return worker;
  }

  #becomeReady(worker: WorkerHandle): void {
    this.#state = 'ready';
    this.#readyMs = performance.now();
    this.#everReady = true;
    this.#options.log('info', 'worker is ready', { worker: this.#options.index, pid: worker.pid });
  }

  async #afterDeath({ worker, death, fault, inquest }: Autopsy): Promise<Fault | null> {
    const { index, limits, log } = this.#options;
    this.#deaths += 1;
    const { isExplained, requestIds, guiltyIds } = inquest;
    if (!isExplained) this.#judgeLife(death);
    else
      log('warn', 'workers died over a request, which is refused', { worker: index, requestIds: guiltyIds });
    this.#problem = fault?.message ?? `it ${renderDeath(death)}`;
    const decision = planRestart({ everReady: this.#everReady, futileLives: this.#futileLives }, limits);
    const fields = { worker: index, problem: this.#problem, requestIds, lastWords: worker.lastWords };
    if (decision.kind === 'give-up') {
      this.#state = 'given-up';
      log('error', 'worker is given up', fields);
      if (!this.#everReady && fault !== null) return fault;
      return new Fault('WORKERS_GIVEN_UP', { problem: `${this.#problem} ${decision.reason}` });
    }
    this.#state = 'resting';
    log('warn', 'worker died and is restarted', { ...fields, afterMs: decision.afterMs });
    await delay(decision.afterMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    return null;
  }

  #judgeLife({ offence }: Death): void {
    const life = {
      startedMs: this.#startedMs,
      readyMs: this.#readyMs,
      endedMs: performance.now(),
      silentMs: offence?.kind === 'hang' ? this.#options.limits.silenceTimeoutMs : 0,
    };
    this.#futileLives = wasFutile(life) ? this.#futileLives + 1 : 0;
  }
}

interface Autopsy {
  worker: WorkerHandle;
  death: Death;
  /** Why it never became ready. */
  fault: Fault | null;
  inquest: Inquest;
}
