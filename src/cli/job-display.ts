// How far an `embed` job is: a bar on a terminal, a plain line every few seconds elsewhere. Says things on stderr only.
import type { JobEvent } from '../embed/run-job.ts';
import { renderBar, renderDuration, renderShare } from './progress-text.ts';
import { StatusLine } from './status-line.ts';
import { printLine, printNotice } from './terminal.ts';

/** Between plain lines. */
const LINE_MS = 10_000;

type Shown = JobEvent | { event: 'embedded'; rowsDone: number; rowCount: null };

export class JobDisplay {
  readonly #status = new StatusLine();
  #startedAt = performance.now();
  #shownAt = this.#startedAt;
  #rowsAtStart = 0;

  show(event: Shown): void {
    switch (event.event) {
      case 'scanned':
        this.#restart(0);
        break;
      case 'resumed':
        printNotice(`going on after ${String(event.rowsDone)} rows of an earlier run`);
        this.#restart(event.rowsDone);
        break;
      case 'embedded':
        this.#showRows(event.rowsDone, event.rowCount);
        break;
      case 'skipped':
        this.showWarning(`${event.place}: no vector, the server refuses the text: ${event.problem}`);
        break;
      case 'written':
        this.#status.show(`wrote ${event.path}`);
    }
  }

  showStep(text: string): void {
    this.#status.show(text);
  }

  showWarning(text: string): void {
    this.#status.clear();
    printNotice(text);
  }

  clear(): void {
    this.#status.clear();
  }

  #restart(rows: number): void {
    this.#startedAt = performance.now();
    this.#rowsAtStart = rows;
  }

  #showRows(rowsDone: number, rowCount: number | null): void {
    const now = performance.now();
    const line = renderJobLine({
      rowsDone,
      rowCount,
      newRows: rowsDone - this.#rowsAtStart,
      ms: now - this.#startedAt,
    });
    if (this.#status.isLive) this.#status.show(line);
    else if (now - this.#shownAt > LINE_MS) {
      printLine(line);
      this.#shownAt = now;
    }
  }
}

/** `newRows` took `ms`; rows of an earlier run count as done, not for the rate. Pure. */
export function renderJobLine(job: {
  rowsDone: number;
  rowCount: number | null;
  newRows: number;
  ms: number;
}): string {
  const { rowsDone, rowCount, newRows, ms } = job;
  const perMs = ms === 0 ? 0 : newRows / ms;
  const rate = `${(1000 * perMs).toLocaleString('en-US', { maximumFractionDigits: 0 })} texts/s`;
  if (rowCount === null) return `${rowsDone.toLocaleString('en-US')} rows, ${rate}`;
  const share = rowCount === 0 ? 1 : rowsDone / rowCount;
  const left = perMs === 0 ? '' : `, ${renderDuration((rowCount - rowsDone) / perMs / 1000)} left`;
  return `${renderBar(share)} ${renderShare(share)}, ${rate}${left}`;
}
