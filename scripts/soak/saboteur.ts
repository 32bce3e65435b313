// Does to workers what machines and operators do, one act after another: SIGKILL, SIGSTOP, SIGKILL to all at once.
import { setTimeout as delay } from 'node:timers/promises';
import { workersOf } from '../processes.ts';
import type { Random } from '../../src/bench/random.ts';

/** In turns. A stopped worker hangs; the watchdog must notice. */
const ACTS = ['kill one', 'kill one', 'stop one', 'kill one', 'kill one', 'kill all'] as const;
type Act = (typeof ACTS)[number];

export interface SaboteurOptions {
  /** The server's. */
  pid: number;
  /** From the moment that all workers are ready to the next act. */
  everyMs: number;
  whenAllReady: () => Promise<void>;
  random: Random;
}

export class Saboteur {
  readonly done: Record<Act, number> = { 'kill one': 0, 'stop one': 0, 'kill all': 0 };
  readonly #options: SaboteurOptions;
  readonly #end = new AbortController();

  constructor(options: SaboteurOptions) {
    this.#options = options;
  }

  get hasDoneAll(): boolean {
    return Object.values(this.done).every((count) => count > 0);
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    const { everyMs, whenAllReady } = this.#options;
    const { signal } = this.#end;
    for (let next = 0; ; next++) {
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#act(ACTS[next % ACTS.length] ?? 'kill one');
      await whenAllReady();
    }
  }

  stop(): void {
    this.#end.abort();
  }

  #act(act: Act): void {
    const workers = workersOf(this.#options.pid);
    const one = workers[Math.floor(this.#options.random() * workers.length)];
    if (one === undefined) return;
    for (const pid of act === 'kill all' ? workers : [one])
      send(pid, act === 'stop one' ? 'SIGSTOP' : 'SIGKILL');
    this.done[act] += 1;
  }
}

/** A worker may have died since it was seen. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
