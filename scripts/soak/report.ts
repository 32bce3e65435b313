// What a soak has shown and whether that is what is promised: pure, the report as data and as a table.
import type { DriftSummary } from './drift.ts';
import type { Census } from '../processes.ts';
import type { Saboteur } from './saboteur.ts';
import type { Tally } from './tally.ts';

interface Findings {
  requests: number;
  tally: Tally;
  seconds: number;
  faults: Saboteur['done'];
  /** Workers that died, as the server counts. */
  deaths: number;
  before: Census;
  after: Census;
  drift: DriftSummary;
  /** Bytes of JavaScript that the server holds after a collection, at rest. */
  held: { early: number; late: number };
  exitCode: number | null;
  /** After the end. */
  left: { files: number; processes: number };
}

export interface Soak extends Omit<Findings, 'tally'> {
  sent: number;
  outcomes: Tally['outcomes'];
  duplicates: number;
  kinds: Tally['kinds'];
  retried: Tally['retried'];
  problems: string[];
  /** Promises that were not kept; none in a good soak. */
  broken: string[];
}

/** Shorter soaks end before a process's memory has found its level. */
const REQUESTS_FOR_MEMORY = 50_000;
const MOST_GROWTH = 0.05;

export function judgeSoak({ tally, ...findings }: Findings): Soak {
  const { sent, outcomes, duplicates, kinds, retried, problems } = tally;
  const { requests, faults, before, after, drift, held, exitCode, left } = findings;
  const growth = growthOf(drift.frontBytes);
  const growthAtRest = growthOf({ early: before.front.residentBytes, late: after.front.residentBytes });
  const promises: Record<string, boolean> = {
    [`${String(requests)} requests were to be sent, ${String(sent)} were`]: sent >= requests,
    [`${String(outcomes.lost)} requests have no answer`]: outcomes.lost === 0,
    [`${String(outcomes.wrong)} answers are wrong`]: outcomes.wrong === 0,
    [`${String(duplicates)} answers came twice`]: duplicates === 0,
    [`not every fault was injected: ${counts(faults)}`]: Object.values(faults).every((count) => count > 0),
    [`${String(before.workers.length)} workers before, ${String(after.workers.length)} after`]:
      before.workers.length === after.workers.length,
    [`${String(before.front.handles)} handles before, ${String(after.front.handles)} after`]:
      after.front.handles <= before.front.handles,
    [`the server's memory grew by ${percent(growth)} under load, by ${percent(growthAtRest)} at rest`]:
      requests < REQUESTS_FOR_MEMORY || Math.max(growth, growthAtRest) <= MOST_GROWTH,
    [`the server holds ${percent(growthOf(held))} more`]:
      requests < REQUESTS_FOR_MEMORY || growthOf(held) <= MOST_GROWTH,
    [`it ended with exit code ${String(exitCode)}`]: exitCode === 0,
    [`it left ${String(left.files)} files and ${String(left.processes)} processes`]:
      left.files + left.processes === 0,
  };
  const broken = Object.keys(promises).filter((promise) => promises[promise] !== true);
  return { ...findings, sent, outcomes, duplicates, kinds, retried, problems, broken };
}

const growthOf = ({ early, late }: { early: number; late: number }): number => late / early - 1;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const counts = (record: Record<string, number>): string =>
  Object.entries(record)
    .map(([name, count]) => `${String(count)} ${name}`)
    .join(', ');

/** Markdown. */
export function renderSoak(soak: Soak): string {
  const rows = [...renderCounts(soak), ...renderHoldings(soak), ['left after the end', counts(soak.left)]];
  const lines = rows.map(([what = '', value = '']) => `| ${what} | ${value} |`);
  return ['| what | how much |', '| --- | --- |', ...lines].join('\n');
}

function renderCounts(soak: Soak): [string, string][] {
  const { outcomes } = soak;
  return [
    ['requests', `${String(soak.sent)} in ${soak.seconds.toFixed(0)} s (the first tenth before that)`],
    ['answered, every value checked', String(outcomes.answered)],
    ['refused as they should be', String(outcomes.refused)],
    ['hung up by the sender', String(outcomes['hung up'])],
    ['refused with `retry-after` and sent again', counts(soak.retried) || 'none'],
    ['faults injected', counts(soak.faults)],
    ['workers that died and were replaced', String(soak.deaths)],
    ['lost', String(outcomes.lost)],
    ['wrong', String(outcomes.wrong)],
    ['answered twice', String(soak.duplicates)],
  ];
}

function renderHoldings({ before, after, drift, held }: Soak): [string, string][] {
  return [
    ["the server's memory under load, early and late", renderGrowth(drift.frontBytes)],
    ["a worker's memory under load, early and late", renderGrowth(drift.workerBytes)],
    ["the server's memory and handles at rest, before", renderHolding(before.front)],
    ["the server's memory and handles at rest, after", renderHolding(after.front)],
    ['the server holds of JavaScript, before and after', renderGrowth(held)],
    ['workers before: memory, handles', before.workers.map(renderHolding).join('; ')],
    ['workers after: memory, handles', after.workers.map(renderHolding).join('; ')],
  ];
}

const renderGrowth = (growth: { early: number; late: number }): string =>
  `${megabytes(growth.early)}, ${megabytes(growth.late)} (${percent(growthOf(growth))})`;

const renderHolding = ({ residentBytes, handles }: Census['front']): string =>
  `${megabytes(residentBytes)}, ${String(handles)}`;
