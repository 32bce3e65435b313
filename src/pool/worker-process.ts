// The process side of one worker: starts it, hears its news and its last words, kills it, tells once how it died.
// Knows nothing of requests; what it says over its socket is worker-handle.ts's.
import { execa } from 'execa';
import type { Note } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { parseWorkerNews, type StartOrder, type StopOrder } from '../worker/news.ts';
import { LastWords } from './last-words.ts';
import type { Death, Offence } from './suspicion.ts';
import { waitAtMost } from './wait-at-most.ts';

export interface ProcessStart {
  entry: string;
  env: NodeJS.ProcessEnv;
  /** What the worker prints, line by line. */
  onLine: (line: string) => void;
  /** What it tells of its work. */
  onNote: (note: Note) => void;
}

const spawnWorker = ({ entry, env }: ProcessStart) =>
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

export class WorkerProcess {
  /** Resolves once, when the process is gone and has said its last words. */
  readonly died: Promise<Death>;
  readonly #child: ReturnType<typeof spawnWorker>;
  readonly #lastWords: LastWords;
  readonly #onNote: (note: Note) => void;
  #isAlive = true;
  #offence: Offence | null = null;

  /** `onEnd` is called as soon as the process is gone. */
  constructor(start: ProcessStart, onEnd: () => Promise<void>) {
    this.#onNote = start.onNote;
    this.#lastWords = new LastWords(start.onLine);
    this.#child = spawnWorker(start);
    this.#lastWords.listen(this.#child.stdout);
    this.#lastWords.listen(this.#child.stderr);
    this.died = this.#watchDeath(start, onEnd);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get lastWords(): readonly string[] {
    return this.#lastWords.lines;
  }

  /** Sends the order. Rejects with the worker's fault, or with anything else if it dies without a word. */
  order(order: StartOrder): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: unknown) => {
        const news = parseWorkerNews(message);
        if (news?.kind === 'ready') resolve();
        else if (news?.kind === 'fault') reject(news.fault);
        else if (news?.kind === 'note') this.#onNote(news.note);
        else if (news?.kind === 'hang') this.punish({ kind: 'hang', problem: news.problem });
      });
      this.died.then(reject, reject);
      this.#tell(order);
    });
  }

  kill(): void {
    if (this.#isAlive) this.#child.kill('SIGKILL');
  }

  /** Kills it for what it did, of which its death will tell. */
  punish(offence: Offence): void {
    if (this.#isAlive) this.#offence ??= offence;
    this.kill();
  }

  /** The order to stop, then SIGKILL; resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#tell({ kind: 'stop' });
    const timer = setTimeout(() => {
      this.kill();
    }, graceMs);
    await this.died;
    clearTimeout(timer);
  }

  /** The fault of a worker that never was ready. */
  describeFailedStart(problem: string, cause: unknown): Fault {
    const lines = this.#lastWords.sentences(3);
    const words = lines.length === 0 ? 'without a word' : `saying: ${lines.join(' | ')}`;
    return new Fault('WORKER_START_FAILED', { problem: `${problem}, ${words}` }, { cause });
  }

  // A worker that is gone already cannot be told; its death is reported by `died`.
  #tell(order: StartOrder | StopOrder): void {
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  async #watchDeath({ onLine }: ProcessStart, onEnd: () => Promise<void>): Promise<Death> {
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
    await onEnd();
    await waitAtMost(LAST_WORDS_MS, Promise.all([child, disconnected]));
    return this.#offence === null ? death : { ...death, offence: this.#offence };
  }
}
