// Owns the watch over decodes: one that takes longer than its tokens explain has hung in a driver or a kernel, and
// nothing in this process can end it. Tells first that it is slow and of whom it is, then whoever can end it.
import type { Note } from '../embedder.ts';

export interface WatchOptions {
  /** How long a decode of up to `USUAL_TOKENS` may take, in proportion for more; null = for ever. */
  timeoutMs: number | null;
  onHang: (problem: string) => void;
  onNote: (note: Note) => void;
}

/** What a decode is of. */
export interface DecodeSubject {
  tokens: number;
  /** Asked only when there is something to tell. */
  requestIds: () => readonly string[];
}

const USUAL_TOKENS = 1024;
/** The time is counted in so many timers, one after the other: a process that was stopped meanwhile loses one at most. */
const COUNTS = 4;

export class DecodeWatch {
  readonly #options: WatchOptions;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** The decode itself, watched until it ends. */
  async over<Result>(decode: Promise<Result>, subject: DecodeSubject): Promise<Result> {
    const { timeoutMs } = this.#options;
    if (timeoutMs === null) return decode;
    const limitMs = timeoutMs * Math.max(1, subject.tokens / USUAL_TOKENS);
    let timer: NodeJS.Timeout | undefined;
    const count = (counted: number): void => {
      timer = setTimeout(() => {
        this.#tell(subject, { counted, limitMs });
        if (counted < COUNTS) count(counted + 1);
      }, limitMs / COUNTS);
    };
    count(1);
    try {
      return await decode;
    } finally {
      clearTimeout(timer);
    }
  }

  #tell({ tokens, requestIds }: DecodeSubject, { counted, limitMs }: { counted: number; limitMs: number }) {
    const { onHang, onNote } = this.#options;
    const tells = (words: string, ms: number) =>
      `a decode of ${String(tokens)} tokens ${words} ${String(ms / 1000)} s`;
    if (counted === 1)
      onNote({
        level: 'warn',
        message: tells('is slow: it has taken', limitMs / COUNTS),
        requestIds: requestIds(),
      });
    if (counted === COUNTS) onHang(tells('took more than', limitMs));
  }
}
