// What is behind the routes at this moment: no embedder yet, one that serves, or a server that stops.
// Knows no HTTP; routes ask it for the embedder and for the word that /health answers.

import type { Embedder } from '../embedder.ts';
import { Fault } from '../faults.ts';
import type { FleetStatus } from './metric-rows.ts';
import type { ChatTemplate } from './chat-template.ts';
import { PLAIN_RULES, type RequestRules } from './request-rules.ts';

/** `failed`: it will never be healthy again. */
export type Health = 'starting' | 'healthy' | 'unavailable' | 'failed' | 'stopping';

/** What is known of an embedder beside itself. */
export interface Backing {
  isLive: () => boolean;
  /** Throws OVERLOADED or WORKERS_GIVEN_UP where a request that came now would be refused. */
  checkRoom: () => void;
  fleet: () => FleetStatus;
  /** Why only a new process would help; null = that is not so. */
  failure: () => string | null;
  rules: RequestRules;
  /** null = requests with `messages` are refused. */
  chatTemplate: ChatTemplate | null;
}

export class Service {
  #embedder: Embedder | null = null;
  #backing: Backing = {
    isLive: () => true,
    checkRoom: () => undefined,
    fleet: () => ({ workers: [], waiting: 0, openTokens: 0 }),
    failure: () => null,
    rules: PLAIN_RULES,
    chatTemplate: null,
  };
  #stopping = false;
  readonly #openedMs = performance.now();
  #startupSeconds = 0;

  serve(embedder: Embedder, backing: Partial<Backing> = {}): void {
    this.#embedder = embedder;
    this.#startupSeconds = (performance.now() - this.#openedMs) / 1000;
    this.#backing = { ...this.#backing, ...backing };
  }

  /** From the opening of the server until it had an embedder; 0 before. */
  get startupSeconds(): number {
    return this.#startupSeconds;
  }

  stop(): void {
    this.#stopping = true;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  get health(): Health {
    if (this.#stopping) return 'stopping';
    if (this.#embedder === null) return 'starting';
    if (this.failure !== null) return 'failed';
    return this.#backing.isLive() ? 'healthy' : 'unavailable';
  }

  get failure(): string | null {
    return this.#backing.failure();
  }

  /** For a request that arrives now. Faults: STARTING, STOPPING. */
  checkOpen(): void {
    if (this.#stopping) throw new Fault('STOPPING', {});
    if (this.#embedder === null) throw new Fault('STARTING', {});
  }

  /** For a request that wants vectors, before its body is read. Faults: OVERLOADED, WORKERS_GIVEN_UP. */
  checkRoom(): void {
    this.#backing.checkRoom();
  }

  /** For a request that was let in: it is served although the server may have begun to stop. Fault: STARTING. */
  get embedder(): Embedder {
    if (this.#embedder === null) throw new Fault('STARTING', {});
    return this.#embedder;
  }

  get fleet(): FleetStatus {
    return this.#backing.fleet();
  }

  /** Fault: INVALID_REQUEST where the model has none. */
  get chatTemplate(): ChatTemplate {
    const { chatTemplate } = this.#backing;
    if (chatTemplate !== null) return chatTemplate;
    const problem = 'this model came without a chat template, which messages need';
    const hint = 'send the texts as input, or launch with --chat-template FILE';
    throw new Fault('INVALID_REQUEST', { param: 'messages', problem, hint });
  }

  get rules(): RequestRules {
    return this.#backing.rules;
  }

  /** Null while the model loads. */
  get contextTokens(): number | null {
    return this.#embedder?.model.contextTokens ?? null;
  }
}
