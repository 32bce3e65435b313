// Holds every request between its arrival and its one answer: waiting, in a worker, or waiting again because the
// worker died. Applies the decisions of routing.ts and suspicion.ts. Knows no process: a worker is a Runner that
// is announced when it is ready and reported when it died.
import { type Embeddings, noteIds } from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import { pickRoute, type BalanceMethod, type Load } from './routing.ts';
import { judge, type Death } from './suspicion.ts';
import { WaitingLine } from './waiting-line.ts';

export type Outcome =
  | { kind: 'answer'; embeddings: Embeddings }
  | { kind: 'fault'; fault: Fault }
  /** The worker died or is about to; its death is or will be reported. */
  | { kind: 'lost' };

export interface Runner {
  /** False from the moment that it is dead or dying, which is before its death is reported. */
  readonly isOpen: boolean;
  /** Never rejects. */
  run(body: Buffer, signal: AbortSignal | null): Promise<Outcome>;
}

export interface Order {
  /** An encoded embed request. */
  body: Buffer;
  inputCount: number;
  /** The higher, the earlier a worker gets it. */
  priority: number;
  /** What the log calls the request; null = nobody named it. */
  requestId: string | null;
  signal: AbortSignal;
}

/** What a death means for the requests that the worker had. */
export interface Inquest {
  /** Whether a guilty request explains it. */
  isExplained: boolean;
  /** All that it had, by what the log calls them, `MOST_NOTED_IDS` at most. */
  requestIds: string[];
  /** Those that are refused for it. */
  guiltyIds: string[];
}

interface Job extends Order {
  deaths: number;
  suspect: boolean;
  /** When a worker got it. */
  sentMs: number;
  /** Only the first call counts. */
  settle: (outcome: Embeddings | Fault) => void;
}

interface Desk extends Load {
  runner: Runner;
  jobs: Set<Job>;
}

export class Dispatcher {
  readonly #balance: BalanceMethod;
  readonly #desks = new Map<Runner, Desk>();
  readonly #fresh = new WaitingLine<Job>();
  #suspects = new Set<Job>();
  #openCount = 0;
  #turns = 0;
  #failure: Fault | null = null;
  #idleWaiters: (() => void)[] = [];

  constructor(balance: BalanceMethod = 'total_tokens') {
    this.#balance = balance;
  }

  /** Faults: what the worker answered, WORKER_DIED, DISPLACED, CANCELLED, and whatever `failAll` was given. */
  submit(order: Order): Promise<Embeddings> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (order.signal.aborted) return Promise.reject(new Fault('CANCELLED', {}));
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#fresh.delete(job);
        this.#suspects.delete(job);
        job.settle(new Fault('CANCELLED', {}));
      };
      let isOpen = true;
      const settle = (outcome: Embeddings | Fault): void => {
        if (!isOpen) return;
        isOpen = false;
        order.signal.removeEventListener('abort', cancel);
        if (outcome instanceof Fault) reject(outcome);
        else resolve(outcome);
        this.#close();
      };
      const job: Job = { ...order, deaths: 0, suspect: false, sentMs: 0, settle };
      order.signal.addEventListener('abort', cancel, { once: true });
      this.#openCount += 1;
      this.#fresh.add(job);
      this.#dispatch();
    });
  }

  workerReady(runner: Runner): void {
    this.#desks.set(runner, { runner, jobs: new Set(), requests: 0, bytes: 0, lastTurn: 0, onTrial: false });
    this.#dispatch();
  }

  /** Decides over what the worker was doing. */
  workerDied(runner: Runner, death: Death): Inquest {
    const desk = this.#desks.get(runner);
    if (desk === undefined) return { isExplained: false, requestIds: [], guiltyIds: [] };
    this.#desks.delete(runner);
    const resent: Job[] = [];
    const guilty: Job[] = [];
    const nowMs = performance.now();
    for (const job of desk.jobs) {
      const verdict = judge({ ...job, heldMs: nowMs - job.sentMs }, death);
      if (verdict !== 'bystander') job.deaths += 1;
      if (verdict === 'guilty') {
        guilty.push(job);
        job.settle(new Fault('WORKER_DIED', { deaths: job.deaths }));
      } else if (!job.signal.aborted) {
        job.suspect ||= verdict === 'suspect';
        if (job.suspect) this.#suspects.add(job);
        else resent.push(job);
      }
    }
    this.#fresh.putBack(resent);
    this.#dispatch();
    return { isExplained: guilty.length > 0, requestIds: noteIds(desk.jobs), guiltyIds: noteIds(guilty) };
  }

  /** Refuses the newest of those that wait with the lowest priority if that is below `priority`. */
  displace(priority: number): boolean {
    const { last } = this.#fresh;
    if (last === undefined || last.priority >= priority) return false;
    this.#fresh.delete(last);
    last.settle(new Fault('DISPLACED', {}));
    return true;
  }

  /** With what every request ends; null = requests are taken. */
  get failure(): Fault | null {
    return this.#failure;
  }

  /** Ends every request, now and later, with one fault. */
  failAll(fault: Fault): void {
    this.#failure ??= fault;
    const jobs = [
      ...this.#fresh.takeAll(),
      ...this.#suspects,
      ...[...this.#desks.values()].flatMap((d) => [...d.jobs]),
    ];
    this.#suspects.clear();
    for (const job of jobs) job.settle(fault);
  }

  /** Resolves when no request is open. */
  whenIdle(): Promise<void> {
    if (this.#openCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  get readyCount(): number {
    return this.#desks.size;
  }

  get waitingCount(): number {
    return this.#fresh.size + this.#suspects.size;
  }

  inFlight(runner: Runner): number {
    return this.#desks.get(runner)?.requests ?? 0;
  }

  #close(): void {
    this.#openCount -= 1;
    if (this.#openCount > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #dispatch(): void {
    const desks = [...this.#desks.values()].filter(({ runner }) => runner.isOpen);
    for (;;) {
      const waiting = { fresh: this.#fresh.size > 0, suspects: this.#suspects.size > 0 };
      const route = pickRoute(desks, waiting, this.#balance);
      const desk = route === null ? undefined : desks[route.worker];
      const [suspect] = this.#suspects;
      const job = route?.take === 'suspect' ? suspect : this.#fresh.first;
      if (desk === undefined || job === undefined) return;
      this.#suspects.delete(job);
      this.#fresh.delete(job);
      this.#run(desk, job);
    }
  }

  #run(desk: Desk, job: Job): void {
    job.sentMs = performance.now();
    desk.jobs.add(job);
    desk.requests += 1;
    desk.bytes += job.body.length;
    this.#turns += 1;
    desk.lastTurn = this.#turns;
    desk.onTrial = job.suspect;
    // A suspect runs to its end even if its caller left: cut short, it could still kill the worker, and the next
    // suspect would be blamed.
    const signal = job.suspect ? null : job.signal;
    desk.runner.run(job.body, signal).then(
      (outcome) => {
        this.#finish(desk, { job, outcome });
      },
      (error: unknown) => {
        this.#finish(desk, { job, outcome: { kind: 'fault', fault: faultFrom(error) } });
      },
    );
  }

  #finish(desk: Desk, { job, outcome }: { job: Job; outcome: Outcome }): void {
    // A lost request stays on its desk until the death is reported; after that it is no longer this desk's.
    if (outcome.kind === 'lost' || this.#desks.get(desk.runner) !== desk) return;
    desk.jobs.delete(job);
    desk.requests -= 1;
    desk.bytes -= job.body.length;
    desk.onTrial = false;
    job.settle(outcome.kind === 'fault' ? outcome.fault : checkCount(outcome.embeddings, job.inputCount));
    this.#dispatch();
  }
}

function checkCount(embeddings: Embeddings, wanted: number): Embeddings | Fault {
  const count = embeddings.tokenCounts.length;
  if (count === wanted) return embeddings;
  const problem = `${String(count)} vectors for ${String(wanted)} inputs`;
  return new Fault('WIRE_MALFORMED', { problem });
}
