// Writes requests for workers without holding up the loop: 12 MB of texts take 12 ms, in steps with turns between them.
// Knows which are not written yet: a pool that closes must wait for them, too.
import { encodeEmbedRequest, type EmbedRequest } from '../worker/protocol.ts';
import { inTurns } from '../worker/steps.ts';

export class RequestWriter {
  readonly #unfinished = new Set<Promise<Buffer>>();

  /** At once where one step will do. Fault: INVALID_REQUEST. */
  write(request: EmbedRequest): Buffer | Promise<Buffer> {
    const written = inTurns(encodeEmbedRequest(request));
    if (!(written instanceof Promise)) return written;
    const tracked = written.finally(() => {
      this.#unfinished.delete(tracked);
    });
    this.#unfinished.add(tracked);
    return tracked;
  }

  async whenIdle(): Promise<void> {
    await Promise.allSettled(this.#unfinished);
  }
}
