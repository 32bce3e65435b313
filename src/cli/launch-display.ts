// Owns what a terminal shows of a launch: its steps, each left on the screen with its time when it is over, and one block
// about what is served. Where no terminal is, nothing: scripts read the line that says ready, and the log.
import { gigabytes } from '../faults.ts';
import type { Service } from '../launch/service.ts';
import { totalOf } from '../launch/memory-budget.ts';

/** What the steps are shown on. */
interface Screen {
  isLive: boolean;
  /** The step that runs, until the next. */
  show: (text: string) => void;
  clear: () => void;
  /** A line that stays. */
  print: (line: string) => void;
}

export class LaunchSteps {
  readonly #screen: Screen;
  readonly #now: () => number;
  #running: { text: string; startedMs: number } | null = null;

  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
  }

  begin(text: string): void {
    this.end();
    this.#running = { text, startedMs: this.#now() };
    this.#screen.show(text);
  }

  /** The step that runs is over. */
  end(): void {
    if (this.#running === null) return;
    const { text, startedMs } = this.#running;
    const seconds = (this.#now() - startedMs) / 1000;
    this.#running = null;
    this.#screen.clear();
    if (this.#screen.isLive) this.#screen.print(`${seconds.toFixed(1).padStart(7)} s  ${text}`);
  }
}

/** A line per subject. */
export function renderService({
  url,
  modelName,
  attempt,
}: Pick<Service, 'url' | 'modelName' | 'attempt'>): string {
  const { reason, compute, workers, places } = attempt;
  const who = compute === 'graph' ? 'our own graph' : 'llama.cpp';
  const count = workers.length === 1 ? '1 worker' : `${String(workers.length)} workers`;
  const engine = workers[0]?.engine;
  const lines = [
    ['URL', url],
    ['model', modelName],
    ['device', `${reason}; ${who} computes, ${count}`],
    [
      'memory',
      places
        .map(
          (place) =>
            `${gigabytes(totalOf(place.needed))} of ${gigabytes(place.allowedBytes)} on ${place.name}`,
        )
        .join(', '),
    ],
    ['lanes', `${String(engine?.lanes)} per worker, of ${String(engine?.batchTokens)} tokens`],
  ];
  return lines.map(([subject = '', text = '']) => `  ${subject.padEnd(6)}  ${text}`).join('\n');
}
