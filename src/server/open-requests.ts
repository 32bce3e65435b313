// The requests that have arrived and are not answered yet: each with the signal that ends its work early.
// A sender who hangs up aborts its own request with CANCELLED, /abort_request those it names with ABORTED, a shutdown out
// of patience all with STOPPING.

import type { ServerResponse } from 'node:http';
import { Fault } from '../faults.ts';

export class OpenRequests {
  readonly #controllers = new Map<ServerResponse, AbortController>();
  /** What senders call their requests. */
  readonly #ids = new Map<ServerResponse, readonly string[]>();
  #onNone: (() => void)[] = [];

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
    if (this.count > 0) return;
    for (const resolve of this.#onNone.splice(0)) resolve();
  }
}
