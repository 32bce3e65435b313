// Writes requests for workers without holding up the loop: 12 MB of texts take 12 ms, in steps with turns between them.
// Knows which are not written yet: a pool that closes must wait for them, too.
import { setImmediate as turn } from 'node:timers/promises';
import { encodeEmbedRequest, type EmbedRequest } from '../worker/protocol.ts';

export class RequestWriter {
  readonly #unfinished = new Set<Promise<Buffer>>();

  /** At once where one step will do. Fault: INVALID_REQUEST. */
  write(request: EmbedRequest): Buffer | Promise<Buffer> {
    const steps = encodeEmbedRequest(request);
    const first = steps.next();
    if (first.done === true) return first.value;
    const rest = finish(steps).finally(() => {
      this.#unfinished.delete(rest);
    });
    this.#unfinished.add(rest);
    return rest;
  }

  async whenIdle(): Promise<void> {
    await Promise.allSettled(this.#unfinished);
  }
}

async function finish(steps: ReturnType<typeof encodeEmbedRequest>): Promise<Buffer> {
  for (;;) {
    await turn();
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
