// Runs one round: a closed loop of clients or an open loop of arrivals, until texts or time are used up, then waits
// for what is in flight. An open loop measures from the planned arrival, so that a slow server cannot hide its queue.
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Client, Outcome } from './client.ts';
import type { Leg } from './plan.ts';
import { takeExponential, type Random } from './random.ts';
import { Recorder, type Round, type RoundEnd } from './record.ts';

export interface Load {
  body: string;
  count: number;
}

export interface RoundOptions {
  client: Client;
  leg: Leg;
  /** The next request, with `count` inputs. */
  makeLoad: (count: number) => Load;
  /** For the times of arrivals. */
  random: Random;
  /** Send 429 and 503 again. */
  retry: boolean;
  /** How long answers may take after the last request. */
  drainMs: number;
  signal: AbortSignal;
  onProgress: (progress: { texts: number; elapsedMs: number }) => void;
}

const PROGRESS_MS = 250;
/** Longest sleep, so that an interrupt is seen soon. */
const LONGEST_WAIT_MS = 250;
/** Requests in a row without an answer until the server counts as gone, and the pause after each. */
const UNREACHABLE_COUNT = 100;
const UNREACHABLE_PAUSE_MS = 20;
/** Of an open loop; some 100 MB of bodies and promises. */
const MOST_PENDING = 50_000;
/** Timers wake within about one step after their time: aiming half a step early halves how far arrivals are off. */
const TIMER_STEP_MS = 1;
/** Late arrivals sent in one go until sockets get a turn. */
const BURST = 16;
const MOST_ATTEMPTS = 6;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

export async function runRound(options: RoundOptions): Promise<Round> {
  const run = new Run(options);
  const { signal, leg, drainMs, client, onProgress } = options;
  const abort = (end: RoundEnd) => {
    run.abort(end);
    client.abort().catch(() => undefined);
  };
  const onSignal = () => {
    abort('interrupted');
  };
  const guard = setTimeout(abort, leg.timeLimitMs + drainMs, 'time');
  const ticker = setInterval(() => {
    onProgress({ texts: run.recorder.texts, elapsedMs: run.elapsedMs });
  }, PROGRESS_MS);
  signal.addEventListener('abort', onSignal, { once: true });
  if (signal.aborted) onSignal();
  const cpuBefore = process.cpuUsage();
  try {
    await (leg.loop.kind === 'closed'
      ? runClosed(run, leg.loop.clients)
      : runOpen(run, leg.loop.perSecond, options.random));
    const { user, system } = process.cpuUsage(cpuBefore);
    return run.finish((user + system) / 1000);
  } finally {
    clearTimeout(guard);
    clearInterval(ticker);
    signal.removeEventListener('abort', onSignal);
  }
}

async function runClosed(run: Run, clients: number): Promise<void> {
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let load = run.take(); load !== null; load = run.take()) {
        const answered = run.send(load, performance.now());
        run.prepare();
        await answered;
      }
    }),
  );
}

async function runOpen(run: Run, perSecond: number, random: Random): Promise<void> {
  const pending = new Set<Promise<void>>();
  let plannedAt = run.startedAt;
  for (let sent = 0; ; sent++) {
    plannedAt += takeExponential(random, 1000 / perSecond);
    await run.waitUntil(plannedAt - TIMER_STEP_MS / 2);
    if (sent % BURST === 0) await turn();
    const load = run.take();
    if (load === null) break;
    const now = performance.now();
    run.recorder.addArrival(plannedAt - run.startedAt, Math.max(0, now - plannedAt));
    const request = run.send(load, Math.min(plannedAt, now)).then(() => {
      pending.delete(request);
    });
    pending.add(request);
    if (pending.size >= MOST_PENDING) run.stop('backlog');
  }
  await Promise.all(pending);
}

/** The state that all requests of a round share. */
class Run {
  readonly startedAt = performance.now();
  readonly recorder = new Recorder();
  readonly #options: RoundOptions;
  readonly #stopAt: number;
  #textsLeft: number;
  #next: Load | null = null;
  #lastAnswerAt = this.startedAt;
  #unanswered = 0;
  #end: RoundEnd | null = null;
  #aborted = false;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#textsLeft = options.leg.textLimit;
    this.#stopAt = this.startedAt + options.leg.timeLimitMs;
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Nothing new goes out; the first reason stays. */
  stop(end: RoundEnd): void {
    this.#end ??= end;
  }

  /** What is in flight is given up, too. */
  abort(end: RoundEnd): void {
    this.stop(end);
    this.#aborted = true;
  }

  /** Null when the round is over for new requests. */
  take(): Load | null {
    if (this.#textsLeft === 0) this.stop('texts');
    if (performance.now() >= this.#stopAt) this.stop('time');
    if (this.#end !== null) return null;
    this.prepare();
    const load = this.#next;
    this.#next = null;
    this.#textsLeft -= load?.count ?? 0;
    return load;
  }

  /** Makes the next request while the server works on others: 2,048 texts take milliseconds. */
  prepare(): void {
    if (this.#next !== null || this.#textsLeft === 0) return;
    this.#next = this.#options.makeLoad(Math.min(this.#options.leg.batchSize, this.#textsLeft));
  }

  /** Returns early when the round ends. */
  async waitUntil(at: number): Promise<void> {
    const wakeAt = Math.min(at, this.#stopAt);
    for (let leftMs = wakeAt - performance.now(); leftMs > 0; leftMs = wakeAt - performance.now()) {
      if (this.#end !== null) return;
      await wait(Math.min(leftMs, LONGEST_WAIT_MS));
    }
  }

  /** Sends, again if that is wanted, and records how it ended. `plannedAt` is when the latency begins. */
  async send({ body, count }: Load, plannedAt: number): Promise<void> {
    const { client, retry } = this.#options;
    let outcome = await client.embed(body, count);
    for (let attempt = 1; retry && attempt < MOST_ATTEMPTS && isBusy(outcome); attempt++) {
      if (this.#end !== null) break;
      this.recorder.retries++;
      const pauseMs = outcome.retryAfterMs ?? FIRST_RETRY_MS * 2 ** (attempt - 1);
      await this.waitUntil(performance.now() + Math.min(pauseMs, LONGEST_RETRY_MS));
      outcome = await client.embed(body, count);
    }
    await this.#record(outcome, { count, plannedAt });
  }

  async #record(outcome: Outcome, { count, plannedAt }: { count: number; plannedAt: number }): Promise<void> {
    if (!outcome.ok && outcome.status === null && this.#aborted) {
      // Given up by us: at an interrupt that says nothing about the server, after the time limit it was too slow.
      if (this.#end !== 'interrupted') this.recorder.addFailure({ status: null, code: 'no_answer_in_time' });
      return;
    }
    const now = performance.now();
    this.#lastAnswerAt = now;
    if (outcome.ok) this.recorder.addSuccess(now - plannedAt, count, outcome.tokens);
    else this.recorder.addFailure(outcome);
    this.#unanswered = !outcome.ok && outcome.status === null ? this.#unanswered + 1 : 0;
    if (this.#unanswered >= UNREACHABLE_COUNT) this.stop('unreachable');
    else if (this.#unanswered > 0) await wait(UNREACHABLE_PAUSE_MS);
  }

  finish(cpuMs: number): Round {
    const elapsedMs = this.#lastAnswerAt - this.startedAt;
    return this.recorder.finish({ end: this.#end ?? 'texts', elapsedMs, cpuMs });
  }
}

type Busy = Extract<Outcome, { ok: false }>;

const isBusy = (outcome: Outcome): outcome is Busy =>
  !outcome.ok && (outcome.status === 429 || outcome.status === 503);
