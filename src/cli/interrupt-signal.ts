// Ctrl-C and SIGTERM for a command that can stop in order: the first one asks for the end, a second one does not wait for
// it. While an instance listens, the process is not ended by anyone else's handler: execa's does so where it is alone.
import { setMaxListeners } from 'node:events';
import { Fault } from '../faults.ts';

export class InterruptSignal {
  readonly #controller = new AbortController();
  readonly #exitCodes: Readonly<Record<string, number>>;
  /** Aborts with CANCELLED. */
  readonly signal: AbortSignal = this.#controller.signal;
  /** Resolves when the signal aborts. */
  readonly wanted: Promise<void>;
  /** Of the first signal; 0 until it comes. */
  exitCode = 0;

  /** A server is told by SIGTERM that its work is done: an end in order is then no failure. */
  constructor({ sigtermExitCode = 143 } = {}) {
    this.#exitCodes = { SIGINT: 130, SIGTERM: sigtermExitCode };
    setMaxListeners(0, this.signal);
    this.wanted = new Promise((resolve) => {
      this.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  release(): void {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (this.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    this.exitCode = this.#exitCodes[name] ?? 0;
    this.#controller.abort(new Fault('CANCELLED', {}));
  };
}
