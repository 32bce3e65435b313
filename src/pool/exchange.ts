// One request to a worker: bytes out, an answer in memory. `undici.request` would wrap the answer in a stream, which for
// a single short text is most of the work. The answer is copied piece by piece to where it stays: that of big answers is
// shared with the server's threads (shared-memory.ts), and joining 20 MB at once would hold up the loop.
import type { Dispatcher } from 'undici';
import { allocateMemory } from './shared-memory.ts';

export interface Question {
  method: 'GET' | 'POST';
  path: string;
  body?: Buffer | string;
  /** Aborting it ends the exchange; null = nobody does. */
  signal?: AbortSignal | null;
}

export interface Answer {
  status: number;
  bytes: ArrayBufferLike;
}

export const readText = ({ bytes }: Answer): string => Buffer.from(bytes).toString('utf8');

/** Rejects with the client's error where there is no whole answer, or with the signal's reason. */
export function exchange(worker: Dispatcher, question: Question): Promise<Answer> {
  const { method, path, body = null, signal = null } = question;
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ signal, resolve, reject });
    if (!receiver.hasEnded) worker.dispatch({ method, path, body }, receiver);
  });
}

interface ReceiverOptions {
  signal: AbortSignal | null;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
}

class Receiver implements Dispatcher.DispatchHandler {
  hasEnded = false;
  readonly #options: ReceiverOptions;
  readonly #abort = (): void => {
    const reason = this.#options.signal?.reason as Error;
    this.#controller?.abort(reason);
    this.#end();
    this.#options.reject(reason);
  };
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  /** Where the answer goes if its length was announced. */
  #memory: Uint8Array | null = null;
  #pieces: Buffer[] = [];
  #received = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    if (options.signal?.aborted === true) this.#abort();
    else options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.hasEnded) controller.abort(this.#options.signal?.reason as Error);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const sizeBytes = Number(headers['content-length']);
    this.#status = statusCode;
    // The client ends with an error where the length announced is not what comes.
    if (Number.isSafeInteger(sizeBytes)) this.#memory = new Uint8Array(allocateMemory(sizeBytes));
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#memory === null) this.#pieces.push(piece);
    else this.#memory.set(piece, this.#received);
    this.#received += piece.length;
  }

  onResponseEnd(): void {
    if (this.hasEnded) return;
    this.#end();
    const bytes = this.#memory ?? Uint8Array.from(Buffer.concat(this.#pieces));
    this.#options.resolve({ status: this.#status, bytes: bytes.buffer });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.hasEnded) return;
    this.#end();
    this.#options.reject(error);
  }

  #end(): void {
    this.hasEnded = true;
    this.#options.signal?.removeEventListener('abort', this.#abort);
  }
}
