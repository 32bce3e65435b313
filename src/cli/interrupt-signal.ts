// Ctrl-C and SIGTERM for a command that can stop in order: the first one aborts, a second one ends the process at once.
import { setMaxListeners } from 'node:events';

export class InterruptSignal {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;
  /** 130 after Ctrl-C, 143 after SIGTERM. */
  exitCode = 0;

  constructor() {
    setMaxListeners(0, this.signal);
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  release(): void {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    const exitCode = name === 'SIGINT' ? 130 : 143;
    if (this.signal.aborted) process.exit(exitCode);
    this.exitCode = exitCode;
    this.#controller.abort();
  };
}
