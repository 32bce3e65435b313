// One worker process, from spawn to death: execa starts it, IPC brings its order and its news, undici carries
// requests over its socket. A worker whose connection breaks is dead or will be: it is killed, never guessed about.
// Restarting, routing and blame are decided elsewhere.
import { execa } from 'execa';
import { buildConnector, Pool } from 'undici';
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
import { parseWorkerNews, type StartOrder } from '../worker/news.ts';
import { decodeProfile, PROFILE_PATH } from '../worker/profile-message.ts';
import type { Outcome, Runner } from './dispatcher.ts';
import { LastWords } from './last-words.ts';
import { watchPulse } from './pulse.ts';
import { readIntoMemory } from './shared-memory.ts';
import { renderDeath, type Death } from './suspicion.ts';
import { waitAtMost } from './wait-at-most.ts';

export interface WorkerStart {
  entry: string;
  socketPath: string;
  settings: unknown;
  env: NodeJS.ProcessEnv;
  startTimeoutMs: number;
  silenceTimeoutMs: number;
  /** What the worker prints, line by line. */
  onLine: (line: string) => void;
}

const spawnWorker = ({ entry, env }: WorkerStart) =>
  execa(process.execPath, [entry], {
    ipc: true,
    serialization: 'json',
    env,
    extendEnv: false,
    // The fourth is for worker/parent-watch.ts: it closes when this process ends.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    buffer: false,
    reject: false,
    windowsHide: true,
  });

/** A grandchild may hold a dead worker's streams open; its last words and news are awaited so long. */
const LAST_WORDS_MS = 250;
const REDIAL_MS = 5;
/** A profile is a courtesy: whoever asks for it goes on without. */
const PROFILE_TIMEOUT_MS = 1000;
/** The worker's backlog is full, or this process is short of file descriptors: both pass. */
const PASSING_DIAL_ERRORS = new Set(['EAGAIN', 'ECONNREFUSED', 'EMFILE', 'ENFILE']);

export class WorkerHandle implements Runner {
  /** Rejects with the fault that the worker reported, or with WORKER_START_FAILED; the process is gone then. */
  readonly ready: Promise<ModelFacts>;
  /** Resolves once, when the process is gone. */
  readonly died: Promise<Death>;
  readonly #child: ReturnType<typeof spawnWorker>;
  readonly #lastWords: LastWords;
  readonly #http: Pool;
  #isAlive = true;
  #hang: string | null = null;
  #stopPulse: () => void = () => undefined;
  #isOpen = true;

  constructor(start: WorkerStart) {
    this.#lastWords = new LastWords(start.onLine);
    this.#child = spawnWorker(start);
    this.#lastWords.listen(this.#child.stdout);
    this.#lastWords.listen(this.#child.stderr);
    this.#http = new Pool('http://worker', {
      connect: this.#openConnector(start.socketPath),
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.died = this.#watchDeath(start);
    this.ready = this.#open(start);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get lastWords(): readonly string[] {
    return this.#lastWords.lines;
  }

  async run(body: Buffer, signal: AbortSignal | null): Promise<Outcome> {
    try {
      const response = await this.#http.request({ method: 'POST', path: EMBED_PATH, body, signal });
      if (response.statusCode !== 200) {
        return { kind: 'fault', fault: decodeFault(await response.body.text()) };
      }
      return { kind: 'answer', embeddings: decodeEmbedResponse(await readIntoMemory(response)) };
    } catch (error) {
      if (signal?.aborted === true) return { kind: 'fault', fault: new Fault('CANCELLED', {}) };
      if (error instanceof Fault) return { kind: 'fault', fault: faultFrom(error) };
      this.kill();
      await this.died;
      return { kind: 'lost' };
    }
  }

  /**
   * Sends a question that is JSON and resolves with the answer's text; null when the worker died over it.
   * Faults: what the worker answered.
   */
  async ask(path: string, question: unknown): Promise<string | null> {
    try {
      const body = JSON.stringify(question);
      const response = await this.#http.request({ method: 'POST', path, body });
      const text = await response.body.text();
      if (response.statusCode === 200) return text;
      throw decodeFault(text);
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.kill();
      await this.died;
      return null;
    }
  }

  /** null when the worker does not answer in time, or not sensibly. */
  async profile(): Promise<Profile | null> {
    const signal = AbortSignal.timeout(PROFILE_TIMEOUT_MS);
    try {
      const response = await this.#http.request({ method: 'GET', path: PROFILE_PATH, signal });
      return decodeProfile(await response.body.text());
    } catch {
      return null;
    }
  }

  kill(): void {
    this.#isOpen = false;
    if (this.#isAlive) this.#child.kill('SIGKILL');
  }

  /** SIGTERM, then SIGKILL; resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#isOpen = false;
    if (this.#isAlive) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.kill();
    }, graceMs);
    await this.died;
    clearTimeout(timer);
  }

  async #watchDeath({ onLine }: WorkerStart): Promise<Death> {
    const child = this.#child;
    const disconnected = new Promise((resolve) => child.once('disconnect', resolve));
    child.on('error', (error) => {
      onLine(error.message);
    });
    const death = await new Promise<Death>((resolve) => {
      if (child.pid === undefined) resolve({ exitCode: null, signal: null });
      child.once('exit', (exitCode, signal) => {
        resolve({ exitCode, signal });
      });
    });
    this.#isAlive = false;
    this.#isOpen = false;
    this.#stopPulse();
    await this.#http.destroy();
    await waitAtMost(LAST_WORDS_MS, Promise.all([child, disconnected]));
    return this.#hang === null ? death : { ...death, hang: this.#hang };
  }

  async #open(start: WorkerStart): Promise<ModelFacts> {
    let problem: string | null = null;
    const timer = setTimeout(() => {
      problem = `it was not ready within ${String(start.startTimeoutMs / 1000)} s`;
      this.kill();
    }, start.startTimeoutMs);
    try {
      await this.#firstNews(start);
      const model = decodeReady(await this.#askReady());
      this.#watchHangs(start.silenceTimeoutMs);
      return model;
    } catch (error) {
      this.kill();
      problem ??= `it ${renderDeath(await this.died)} before it was ready`;
      if (error instanceof Fault) throw error;
      throw new Fault('WORKER_START_FAILED', { problem: this.#withLastWords(problem) }, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  // Rejects with the worker's fault, or with anything else if it dies without a word.
  #firstNews({ socketPath, settings }: WorkerStart): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: unknown) => {
        const news = parseWorkerNews(message);
        if (news?.kind === 'ready') resolve();
        else if (news?.kind === 'fault') reject(news.fault);
      });
      this.died.then(reject, reject);
      const order: StartOrder = { kind: 'start', protocol: PROTOCOL_VERSION, socketPath, settings };
      // A worker that is gone already cannot be told; its death is reported by `died`.
      if (this.#child.connected) this.#child.send(order, () => undefined);
    });
  }

  async #askReady(signal?: AbortSignal): Promise<string> {
    const response = await this.#http.request({ method: 'GET', path: READY_PATH, signal: signal ?? null });
    return response.body.text();
  }

  // The worker tells of a decode that hangs; where its main thread does, it says nothing any more.
  #watchHangs(silenceTimeoutMs: number): void {
    const end = (problem: string): void => {
      if (this.#isAlive) this.#hang ??= problem;
      this.kill();
    };
    this.#child.on('message', (message: unknown) => {
      const news = parseWorkerNews(message);
      if (news?.kind === 'hang') end(news.problem);
    });
    this.#stopPulse = watchPulse({
      ask: (signal) => this.#askReady(signal),
      timeoutMs: silenceTimeoutMs,
      onSilence: () => {
        end(`it said nothing for ${String(silenceTimeoutMs / 1000)} s`);
      },
    });
  }

  #withLastWords(problem: string): string {
    const lines = this.#lastWords.sentences(3);
    return lines.length === 0 ? `${problem}, without a word` : `${problem}, saying: ${lines.join(' | ')}`;
  }

  #openConnector(socketPath: string): buildConnector.connector {
    const dial = buildConnector({ socketPath, timeout: 0 });
    const connect: buildConnector.connector = (options, callback) => {
      dial(options, (...[error, socket]) => {
        if (error === null) callback(null, socket);
        else if (!this.#isAlive || !isPassing(error)) callback(error, null);
        else setTimeout(connect, REDIAL_MS, options, callback);
      });
    };
    return connect;
  }
}

const isPassing = (error: NodeJS.ErrnoException): boolean => PASSING_DIAL_ERRORS.has(error.code ?? '');
