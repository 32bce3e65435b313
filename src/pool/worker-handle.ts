// What the pool holds of one worker: opens it, sends it requests and questions over its socket, watches that it answers.
// Its life as a process is worker-process.ts's; restarts, routing and blame are decided elsewhere.
import type { Pool } from 'undici';
import type { ModelFacts, Profile } from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import {
  decodeEmbedResponse,
  decodeFault,
  decodeReady,
  EMBED_PATH,
  PROTOCOL_VERSION,
  READY_PATH,
} from '../worker/protocol.ts';
import { decodeProfile, PROFILE_PATH } from '../worker/profile-message.ts';
import type { Outcome, Runner } from './dispatcher.ts';
import { exchange, readText } from './exchange.ts';
import { watchPulse } from './pulse.ts';
import { renderDeath, type Death } from './suspicion.ts';
import { waitAtMost } from './wait-at-most.ts';
import { openConnections } from './worker-connections.ts';
import { WorkerProcess, type ProcessStart } from './worker-process.ts';

export interface WorkerStart extends ProcessStart {
  socketPath: string;
  settings: unknown;
  startTimeoutMs: number;
  silenceTimeoutMs: number;
}

/** A profile is a courtesy: whoever asks for it goes on without. */
const PROFILE_TIMEOUT_MS = 1000;
/** A worker that dies closes its connections before it is gone; one that lives on so long has broken them. */
const DYING_MS = 1000;

export class WorkerHandle implements Runner {
  /** Rejects with the fault that the worker reported, or with WORKER_START_FAILED; the process is gone then. */
  readonly ready: Promise<ModelFacts>;
  readonly #process: WorkerProcess;
  readonly #http: Pool;
  #stopPulse: () => void = () => undefined;
  #isOpen = true;

  constructor(start: WorkerStart) {
    this.#process = new WorkerProcess(start, () => this.#close());
    this.#http = openConnections(start.socketPath, () => this.#process.isAlive);
    this.ready = this.#open(start);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get lastWords(): readonly string[] {
    return this.#process.lastWords;
  }

  /** Resolves once, when the process is gone. */
  get died(): Promise<Death> {
    return this.#process.died;
  }

  async run(body: Buffer, signal: AbortSignal | null): Promise<Outcome> {
    try {
      const answer = await exchange(this.#http, { method: 'POST', path: EMBED_PATH, body, signal });
      if (answer.status !== 200) return { kind: 'fault', fault: decodeFault(readText(answer)) };
      return { kind: 'answer', embeddings: decodeEmbedResponse(answer.bytes) };
    } catch (error) {
      if (signal?.aborted === true) return { kind: 'fault', fault: new Fault('CANCELLED', {}) };
      if (error instanceof Fault) return { kind: 'fault', fault: faultFrom(error) };
      await this.#awaitDeath(error);
      return { kind: 'lost' };
    }
  }

  /**
   * Sends a question that is JSON and resolves with the answer's text, or with its death when the worker died over it.
   * Faults: what the worker answered.
   */
  async ask(path: string, question: unknown): Promise<string | Death> {
    try {
      const body = JSON.stringify(question);
      const answer = await exchange(this.#http, { method: 'POST', path, body });
      const text = readText(answer);
      if (answer.status === 200) return text;
      throw decodeFault(text);
    } catch (error) {
      if (error instanceof Fault) throw error;
      return this.#awaitDeath(error);
    }
  }

  /** null when the worker does not answer in time, or not sensibly. */
  async profile(): Promise<Profile | null> {
    const signal = AbortSignal.timeout(PROFILE_TIMEOUT_MS);
    try {
      return decodeProfile(
        readText(await exchange(this.#http, { method: 'GET', path: PROFILE_PATH, signal })),
      );
    } catch {
      return null;
    }
  }

  kill(): void {
    this.#isOpen = false;
    this.#process.kill();
  }

  /** The order to stop, then SIGKILL; resolves when the process is gone. */
  stop(graceMs: number): Promise<void> {
    this.#isOpen = false;
    return this.#process.stop(graceMs);
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    this.#stopPulse();
    await this.#http.destroy();
  }

  /** For a connection that broke: the worker is dying, or will be killed for it. */
  async #awaitDeath(error: unknown): Promise<Death> {
    this.#isOpen = false;
    await waitAtMost(DYING_MS, this.died);
    const problem = error instanceof Error ? error.message : String(error);
    this.#process.punish({ kind: 'broken connection', problem });
    return this.died;
  }

  async #open(start: WorkerStart): Promise<ModelFacts> {
    const { socketPath, settings, startTimeoutMs, silenceTimeoutMs } = start;
    let problem: string | null = null;
    const timer = setTimeout(() => {
      problem = `it was not ready within ${String(startTimeoutMs / 1000)} s`;
      this.kill();
    }, startTimeoutMs);
    try {
      await this.#process.order({ kind: 'start', protocol: PROTOCOL_VERSION, socketPath, settings });
      const model = decodeReady(await this.#askReady());
      this.#watchSilence(silenceTimeoutMs);
      return model;
    } catch (error) {
      this.kill();
      problem ??= `it ${renderDeath(await this.died)} before it was ready`;
      if (error instanceof Fault) throw error;
      throw this.#process.describeFailedStart(problem, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #askReady(signal?: AbortSignal): Promise<string> {
    return readText(await exchange(this.#http, { method: 'GET', path: READY_PATH, signal: signal ?? null }));
  }

  // The worker tells of a decode that hangs; where its main thread does, it says nothing any more.
  #watchSilence(silenceTimeoutMs: number): void {
    this.#stopPulse = watchPulse({
      ask: (signal) => this.#askReady(signal),
      timeoutMs: silenceTimeoutMs,
      onSilence: () => {
        this.#isOpen = false;
        const problem = `it said nothing for ${String(silenceTimeoutMs / 1000)} s`;
        this.#process.punish({ kind: 'hang', problem });
      },
    });
  }
}
