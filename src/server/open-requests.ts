// The requests that have arrived and are not answered yet: each with the signal that ends its work early.
// A sender who hangs up aborts its own request with CANCELLED, /abort_request those it names with ABORTED, a shutdown out
// of patience all with STOPPING, the clock one that takes too long with DEADLINE.

import type { ServerResponse } from 'node:http';
import { Fault } from '../faults.ts';

export class OpenRequests {
  readonly #controllers = new Map<ServerResponse, AbortController>();
  readonly #timers = new Map<ServerResponse, NodeJS.Timeout>();
  readonly #deadlineMs: number | null;
  /** What senders call their requests. */
  readonly #ids = new Map<ServerResponse, readonly string[]>();
  #onNone: (() => void)[] = [];

  /** `deadlineMs` is how long a request may take whose clock was started; null = as long as it takes. */
  constructor(deadlineMs: number | null = null) {
    this.#deadlineMs = deadlineMs;
  }

  get count(): number {
    return this.#controllers.size;
  }

  /** The signal is aborted with the Fault that says why. */
  add(response: ServerResponse): AbortSignal {
    const controller = new AbortController();
    this.#controllers.set(response, controller);
    response.once('finish', () => {
      this.#remove(response);
    });
    response.once('close', () => {
      if (this.#controllers.has(response)) controller.abort(new Fault('CANCELLED', {}));
      this.#remove(response);
    });
    return controller.signal;
  }

  signalOf(response: ServerResponse): AbortSignal {
    return this.#controllers.get(response)?.signal ?? AbortSignal.abort(new Fault('CANCELLED', {}));
  }

  startClock(response: ServerResponse): void {
    const deadlineMs = this.#deadlineMs;
    const controller = this.#controllers.get(response);
    if (deadlineMs === null || controller === undefined) return;
    const abort = () => {
      controller.abort(new Fault('DEADLINE', { seconds: deadlineMs / 1000 }));
    };
    this.#timers.set(response, setTimeout(abort, deadlineMs));
  }

  /** From now on `abort` finds the request by any of these. */
  name(response: ServerResponse, ids: readonly string[]): void {
    if (this.#controllers.has(response)) this.#ids.set(response, ids);
  }

  /** Ends the work on the named requests that have this id; null = on all that have a name. */
  abort(id: string | null): void {
    for (const [response, ids] of this.#ids) {
      if (id !== null && !ids.includes(id)) continue;
      this.#controllers.get(response)?.abort(new Fault('ABORTED', { id: id ?? ids[0] ?? '' }));
    }
  }

  abortAll(): void {
    for (const controller of this.#controllers.values()) controller.abort(new Fault('STOPPING', {}));
  }

  whenNone(): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onNone.push(resolve));
  }

  #remove(response: ServerResponse): void {
    this.#controllers.delete(response);
    this.#ids.delete(response);
    clearTimeout(this.#timers.get(response));
    this.#timers.delete(response);
    if (this.count > 0) return;
    for (const resolve of this.#onNone.splice(0)) resolve();
  }
}
