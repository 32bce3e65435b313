// Ctrl-C and SIGTERM for a command that can stop in order: the first one asks for the end, a later one does not wait for
// it. While an instance listens, the process is not ended by anyone else's handler: execa's does so where it is alone.
import { setMaxListeners } from 'node:events';
import { Fault } from '../faults.ts';

/** 128 and the signal's number, as a shell tells of it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };
const NAMES = ['SIGINT', 'SIGTERM'] as const;

/** `timeout` and npm signal this process, and its group, or the terminal does: one wish that comes twice. */
const ONE_WISH_MS = 500;

export class InterruptSignal {
  readonly #controller = new AbortController();
  readonly #exitCodes: typeof EXIT_CODES;
  /** Aborts with CANCELLED. */
  readonly signal: AbortSignal = this.#controller.signal;
  /** Resolves when the signal aborts. */
  readonly wanted: Promise<void>;
  #wantedMs = 0;
  /** Of the first signal; 0 until it comes. */
  exitCode = 0;

  /** A server is told by SIGTERM that its work is done: an end in order is then no failure. */
  constructor({ sigtermExitCode = EXIT_CODES.SIGTERM } = {}) {
    this.#exitCodes = { ...EXIT_CODES, SIGTERM: sigtermExitCode };
    setMaxListeners(0, this.signal);
    this.wanted = new Promise((resolve) => {
      this.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    for (const name of NAMES) process.on(name, this.#onSignal);
  }

  release(): void {
    for (const name of NAMES) process.off(name, this.#onSignal);
  }

  readonly #onSignal = (name: (typeof NAMES)[number]): void => {
    const nowMs = performance.now();
    if (this.signal.aborted) {
      if (nowMs - this.#wantedMs > ONE_WISH_MS) process.exit(EXIT_CODES[name]);
      return;
    }
    this.#wantedMs = nowMs;
    this.exitCode = this.#exitCodes[name];
    this.#controller.abort(new Fault('CANCELLED', {}));
  };
}
