// Shows a running download: bars that stay in place on a terminal, a plain line every few seconds elsewhere. Knows when to
// show; what it looks like is in download-progress.ts.
import type { DownloadEvent } from '../download/contract.ts';
import { DownloadNews } from './download-news.ts';
import { DownloadProgress } from './download-progress.ts';
import { renderBytes, renderShare } from './progress-text.ts';
import type { StatusLine } from './status-line.ts';
import { printLine, printNotice } from './terminal.ts';

// Terminals flicker above this, logs fill up.
const BARS_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;

export class DownloadDisplay {
  readonly #status: StatusLine;
  readonly #news: DownloadNews;
  readonly #progress = new DownloadProgress();
  #shownMs = 0;
  #conversion = '';

  constructor(status: StatusLine, title: string) {
    this.#status = status;
    this.#news = new DownloadNews(title);
  }

  report(event: DownloadEvent): void {
    const nowMs = performance.now();
    this.#progress.take(event, nowMs);
    const line = this.#news.tell(event, nowMs);
    if (line === null) {
      this.#show();
      return;
    }
    this.#status.clear();
    if (event.kind === 'notice') printNotice(line);
    else printLine(line);
  }

  /** From the list of files to the last of them. */
  get isRunning(): boolean {
    return this.#progress.totalBytes > 0 && !this.#progress.isOver;
  }

  /** A conversion that runs beside the download. */
  showConversion(share: number): void {
    this.#conversion = `converting ${renderShare(share)}`;
    this.#show();
  }

  /** What is kept of a download that was interrupted; null when there was none, or it was over. */
  describeInterruption(): string | null {
    if (!this.isRunning) return null;
    const { doneBytes, totalBytes } = this.#progress;
    return `interrupted: ${renderBytes(doneBytes)} of ${renderBytes(totalBytes)} are kept; the same command goes on from there`;
  }

  #show(): void {
    const nowMs = performance.now();
    const everyMs = this.#status.isLive ? BARS_EVERY_MS : LINE_EVERY_MS;
    if (nowMs - this.#shownMs < everyMs) return;
    this.#shownMs = nowMs;
    const conversion = this.#conversion === '' ? [] : [this.#conversion];
    if (this.#status.isLive)
      this.#status.show([...this.#progress.renderBars(this.#status.columns), ...conversion].join('\n'));
    else printLine([this.#progress.renderLine(), ...conversion].join(', '));
  }
}
