// Whether memory grows under load: samples through the run, the medians of its second tenth and its last.
import { summarise } from '../../src/bench/statistics.ts';
import type { Census } from '../processes.ts';

const EVERY_MS = 500;

export interface DriftSummary {
  /** Resident bytes of the server's process, medians under load. */
  frontBytes: { early: number; late: number };
  /** Of one worker, over all that were alive. */
  workerBytes: { early: number; late: number };
}

export class Drift {
  readonly #take: () => Census;
  readonly #samples: Census[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(take: () => Census) {
    this.#take = take;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#samples.push(this.#take());
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  summary(): DriftSummary {
    const tenth = Math.ceil(this.#samples.length / 10);
    const [early, late] = [this.#samples.slice(tenth, 2 * tenth), this.#samples.slice(-tenth)];
    const front = (samples: readonly Census[]) => median(samples.map((census) => census.front.residentBytes));
    const worker = (samples: readonly Census[]) =>
      median(samples.flatMap(({ workers }) => workers.map(({ residentBytes }) => residentBytes)));
    return {
      frontBytes: { early: front(early), late: front(late) },
      workerBytes: { early: worker(early), late: worker(late) },
    };
  }
}

const median = (values: readonly number[]): number => summarise(values)?.median ?? NaN;
