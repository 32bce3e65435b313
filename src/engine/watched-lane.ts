// Owns the watch over a lane: a decode that takes longer than its tokens explain has hung in a driver or a kernel, and
// nothing in this process can end it. Tells whoever can; goes on waiting itself.
import type { Decoder, LaneText } from './lane.ts';

export interface WatchOptions {
  /** How long a decode of up to `USUAL_TOKENS` may take; in proportion for more. */
  timeoutMs: number;
  onHang: (problem: string) => void;
}

const USUAL_TOKENS = 1024;
/** The time is counted in so many timers, one after the other: a process that was stopped meanwhile loses one at most. */
const COUNTS = 4;

/** A lane that is watched, or the lane itself where there is no timeout. */
export function watchLane(
  lane: Decoder,
  { timeoutMs, onHang }: { timeoutMs: number | null | undefined; onHang: WatchOptions['onHang'] },
): Decoder {
  return typeof timeoutMs === 'number' ? new WatchedLane(lane, { timeoutMs, onHang }) : lane;
}

class WatchedLane implements Decoder {
  readonly #lane: Decoder;
  readonly #options: WatchOptions;

  constructor(lane: Decoder, options: WatchOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  get cells(): number {
    return this.#lane.cells;
  }

  decodeTexts(
    texts: readonly LaneText[],
    onVector: (index: number, raw: Float32Array) => void,
  ): Promise<void> {
    const tokens = texts.reduce((sum, text) => sum + text.tokens.length, 0);
    return this.#watch(tokens, this.#lane.decodeTexts(texts, onVector));
  }

  decodeChunk(tokens: Int32Array, start: number, isLast: boolean): Promise<Float32Array> {
    return this.#watch(tokens.length, this.#lane.decodeChunk(tokens, start, isLast));
  }

  setThreads(threads: number): void {
    this.#lane.setThreads(threads);
  }

  close(): void {
    this.#lane.close();
  }

  async #watch<Result>(tokens: number, decode: Promise<Result>): Promise<Result> {
    const { timeoutMs, onHang } = this.#options;
    const limitMs = timeoutMs * Math.max(1, tokens / USUAL_TOKENS);
    let timer: NodeJS.Timeout | undefined;
    const wait = (counts: number): void => {
      timer = setTimeout(() => {
        if (counts > 1) wait(counts - 1);
        else onHang(`a decode of ${String(tokens)} tokens took more than ${String(limitMs / 1000)} s`);
      }, limitMs / COUNTS);
    };
    wait(COUNTS);
    try {
      return await decode;
    } finally {
      clearTimeout(timer);
    }
  }
}
