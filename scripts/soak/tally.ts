// Counts what became of requests, by kind and by outcome, and keeps the first problems in words.
import type { Sender, Verdict } from './sender.ts';

const MOST_PROBLEMS = 20;

export class Tally {
  sent = 0;
  duplicates = 0;
  readonly outcomes: Record<Verdict['kind'], number> = {
    answered: 0,
    refused: 0,
    'hung up': 0,
    wrong: 0,
    lost: 0,
  };
  readonly kinds: Record<string, number> = {};
  /** Refusals with `retry-after`, by status; each was sent again. */
  readonly retried: Record<string, number> = {};
  readonly problems: string[] = [];

  add(kind: string, verdict: Verdict): void {
    this.sent += 1;
    this.outcomes[verdict.kind] += 1;
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
    if ('problem' in verdict && this.problems.length < MOST_PROBLEMS)
      this.problems.push(`${verdict.kind}, ${kind}: ${verdict.problem}`);
  }

  close({ duplicates, refusals }: Sender): void {
    this.duplicates += duplicates;
    for (const [status, count] of Object.entries(refusals))
      this.retried[status] = (this.retried[status] ?? 0) + count;
  }
}
