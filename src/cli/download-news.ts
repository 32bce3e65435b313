// What a download has to say beside its progress: a line for each thing that people should know, told once. Pure; the
// clock is the caller's.
import type { DownloadEvent } from '../download/contract.ts';
import { renderBytes, renderDuration, renderFiles } from './progress-text.ts';

export class DownloadNews {
  readonly #title: string;
  /** When each host may be asked again: many files wait for one host. */
  readonly #waits = new Map<string, number>();

  constructor(title: string) {
    this.#title = title;
  }

  /** Null for what is progress, or was told. */
  tell(event: DownloadEvent, nowMs: number): string | null {
    switch (event.kind) {
      case 'listed':
        return `${this.#title}: ${renderFiles(event.fileCount)}, ${renderBytes(event.totalBytes)}, ${renderBytes(event.missingBytes)} to fetch (commit ${event.commit.slice(0, 12)})`;
      case 'file-retried':
        return `${event.path}: ${event.problem}; again ${event.waitMs === 0 ? 'at once' : `in ${renderDuration(event.waitMs / 1000)}`}`;
      case 'waiting':
        return event.reason === 'lock'
          ? `${event.path}: waiting for ${event.holder}, which fetches it`
          : this.#tellWait(event, nowMs);
      case 'notice':
        return event.text;
      default:
        return null;
    }
  }

  #tellWait({ host, waitMs }: { host: string; waitMs: number }, nowMs: number): string | null {
    if (nowMs < (this.#waits.get(host) ?? 0)) return null;
    this.#waits.set(host, nowMs + waitMs);
    return `${host} asks to wait ${renderDuration(waitMs / 1000)}`;
  }
}
