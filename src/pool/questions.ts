// Questions to workers beside vectors: token ids, which every worker answers alike, and the order to forget, which goes
// to all. One worker is asked, another if it dies over it; what kills two, as suspicion.ts judges, is not asked again.
// Knows no embedding: those have the dispatcher.
import type { TokenOptions } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { judge, type Death } from './suspicion.ts';
import {
  decodeIdLists,
  decodeTexts,
  DETOKENISE_PATH,
  FORGET_PATH,
  TOKENISE_PATH,
} from '../worker/question-messages.ts';

export interface Answerer {
  readonly isOpen: boolean;
  /** The answer, or how it died over the question. */
  ask(path: string, question: unknown): Promise<string | Death>;
}

/** Faults of all: WORKER_DIED, STARTING while no worker is ready, and what the worker answers. */
export class Questions {
  readonly #candidates: () => readonly Answerer[];

  /** `candidates` is called for every question; the first open one in its order is asked. */
  constructor(candidates: () => readonly Answerer[]) {
    this.#candidates = candidates;
  }

  async tokenise(texts: readonly string[], { special }: TokenOptions): Promise<number[][]> {
    return decodeIdLists(await this.#askOne(TOKENISE_PATH, { texts, special }), texts.length);
  }

  async detokenise(idLists: readonly (readonly number[])[], { special }: TokenOptions): Promise<string[]> {
    return decodeTexts(await this.#askOne(DETOKENISE_PATH, { idLists, special }), idLists.length);
  }

  /** A worker that dies over it has forgotten too. */
  async forget(): Promise<void> {
    await Promise.all(this.#candidates().map((answerer) => answerer.ask(FORGET_PATH, null)));
  }

  async #askOne(path: string, question: unknown): Promise<string> {
    const involvement = { deaths: 0, suspect: false };
    for (;;) {
      const answerer = this.#candidates().find(({ isOpen }) => isOpen);
      if (answerer === undefined) throw new Fault('STARTING', {});
      const sentMs = performance.now();
      const answer = await answerer.ask(path, question);
      if (typeof answer === 'string') return answer;
      const verdict = judge({ ...involvement, heldMs: performance.now() - sentMs }, answer);
      if (verdict !== 'bystander') involvement.deaths += 1;
      if (verdict === 'guilty') throw new Fault('WORKER_DIED', { deaths: involvement.deaths });
      involvement.suspect ||= verdict === 'suspect';
    }
  }
}
