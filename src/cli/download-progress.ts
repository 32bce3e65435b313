// What a download looks like while it runs: events folded into a state, and the state as lines for a terminal or for a
// log. Pure; the clock is the caller's. Nothing is printed here.
import type { DownloadEvent } from '../download/contract.ts';
import { BAR_CELLS, renderBar, renderBytes, renderDuration, renderShare } from './progress-text.ts';

interface FileState {
  sizeBytes: number;
  doneBytes: number;
  isDone: boolean;
}

/** What was done at a moment, for the rate. */
interface Sample {
  nowMs: number;
  doneBytes: number;
}

// Long enough to be calm, short enough to follow a change of network.
const RATE_WINDOW_MS = 10_000;
const MOST_BARS = 6;

export class DownloadProgress {
  #fileCount = 0;
  #totalBytes = 0;
  #presentBytes = 0;
  readonly #files = new Map<string, FileState>();
  #samples: Sample[] = [];

  take(event: DownloadEvent, nowMs: number): void {
    switch (event.kind) {
      case 'listed':
        this.#fileCount = event.fileCount;
        this.#totalBytes = event.totalBytes;
        this.#presentBytes = event.totalBytes - event.missingBytes;
        break;
      case 'file-started':
      case 'file-progress':
        this.#files.set(event.path, {
          sizeBytes: event.sizeBytes,
          doneBytes: event.doneBytes,
          isDone: false,
        });
        break;
      case 'file-skipped':
      case 'file-verified':
        this.#files.set(event.path, {
          sizeBytes: event.sizeBytes,
          doneBytes: event.sizeBytes,
          isDone: true,
        });
        break;
      default:
        return;
    }
    this.#sample(nowMs);
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Counts files that have not been reported on yet as far as they were there at the start. */
  get doneBytes(): number {
    const reported = [...this.#files.values()].reduce((sum, { doneBytes }) => sum + doneBytes, 0);
    return Math.min(this.#totalBytes, Math.max(reported, this.#presentBytes));
  }

  get isOver(): boolean {
    return this.#fileCount > 0 && this.#doneFiles === this.#fileCount;
  }

  /** One line for logs: bytes, share, rate, time left, files. */
  renderLine(): string {
    const share = renderShare(this.#share);
    const files = `${String(this.#doneFiles)} of ${String(this.#fileCount)} files`;
    return `${renderBytes(this.doneBytes)} of ${renderBytes(this.#totalBytes)} (${share})${this.#renderPace()}, ${files}`;
  }

  /** The total and a bar for each file under way, each within `columns`. */
  renderBars(columns: number): string[] {
    const running = [...this.#files].filter(([, { isDone }]) => !isDone);
    const nameCells = Math.min(40, Math.max(12, columns - BAR_CELLS - 24));
    const shown = running.slice(0, MOST_BARS).map(([path, { doneBytes, sizeBytes }]) => {
      const bar = renderBar(sizeBytes === 0 ? 1 : doneBytes / sizeBytes);
      return `${shorten(path, nameCells).padEnd(nameCells)} ${bar} ${renderBytes(doneBytes)} of ${renderBytes(sizeBytes)}`;
    });
    const more = running.length > MOST_BARS ? [`and ${String(running.length - MOST_BARS)} more`] : [];
    return [`${renderBar(this.#share)} ${this.renderLine()}`, ...shown, ...more].map((line) =>
      line.slice(0, Math.max(1, columns - 1)),
    );
  }

  get #doneFiles(): number {
    return [...this.#files.values()].filter(({ isDone }) => isDone).length;
  }

  get #share(): number {
    return this.#totalBytes === 0 ? 1 : this.doneBytes / this.#totalBytes;
  }

  #sample(nowMs: number): void {
    this.#samples.push({ nowMs, doneBytes: this.doneBytes });
    const from = this.#samples.findIndex((sample) => nowMs - sample.nowMs <= RATE_WINDOW_MS);
    this.#samples = this.#samples.slice(Math.max(0, from - 1));
  }

  // Nothing until there is something to measure.
  #renderPace(): string {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.nowMs - first.nowMs < 500) return '';
    const bytesPerSecond = (last.doneBytes - first.doneBytes) / ((last.nowMs - first.nowMs) / 1000);
    if (bytesPerSecond <= 0) return '';
    const leftSeconds = (this.#totalBytes - this.doneBytes) / bytesPerSecond;
    return `, ${renderBytes(bytesPerSecond)}/s, ${renderDuration(leftSeconds)} left`;
  }
}

// The end of a path tells more than its start.
function shorten(path: string, cells: number): string {
  return path.length <= cells ? path : `…${path.slice(1 - cells)}`;
}
