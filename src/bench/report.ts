// A result as text for people. What could make the figures worthless is said beneath them as notes. Pure.
import { cosine } from '../client/answer.ts';
import { compareRounds, tokensPerText, type Ratios } from './compare.ts';
import type { BenchResult, LegResult } from './run.ts';
import type { ErrorCount, Round, RoundEnd } from './record.ts';
import { shareStages, type StageSeconds } from './stages.ts';
import { summarise, type Spread } from './statistics.ts';

/** From here on the generator may be what is measured. */
const BUSY_CORES = 0.7;
/** Shorter rounds are mostly the compiler warming up. */
const TELLING_MS = 1000;
/** Batching and other hardware move a vector's last bits; another model moves far more. */
const SAME_MODEL_COSINE = 0.99;

export function renderReport(result: BenchResult, about: string): string {
  const servers = result.servers.map(({ endpoint, facts }, index) => {
    const name = result.servers.length === 1 ? '' : `${letter(index)}  `;
    return `${name}${endpoint.url}  ${facts.modelId ?? 'unnamed model'}, ${String(facts.dimensions)} dimensions in ${facts.encodingFormat}`;
  });
  const legs = result.legs.flatMap((leg) => ['', ...renderLeg(leg)]);
  const notes = collectNotes(result).map((note) => `note: ${note}`);
  return [...servers, about, ...legs, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

const letter = (index: number): string => (index === 0 ? 'A' : 'B');

type Figure = [title: string, of: (round: Round) => number | null];

const FIGURES: readonly Figure[] = [
  ['texts/s', (round) => round.textsPerSecond],
  ['tokens/s', (round) => round.tokensPerSecond],
  ['p50 ms', (round) => round.latencyMs?.p50 ?? null],
  ['p95 ms', (round) => round.latencyMs?.p95 ?? null],
  ['p99 ms', (round) => round.latencyMs?.p99 ?? null],
];

function renderLeg({ leg, rounds, stages }: LegResult): string[] {
  const count = Math.max(...rounds.map((list) => list.length));
  const ratios = compareRounds({ rounds });
  return [
    `${leg.title}, ${String(count)} round${count === 1 ? '' : 's'}`,
    ...rounds.flatMap((list, index) => [
      ...renderRounds(list, ratios === null ? '' : letter(index)),
      ...renderStages(stages[index] ?? null),
    ]),
    ...(ratios === null ? [] : renderRatios(ratios)),
  ];
}

function renderRounds(rounds: readonly Round[], name: string): string[] {
  if (rounds.length === 0) return [`${name} no round ended`.trim()];
  const figures = FIGURES.map(([title, of]): [string, Spread | null] => [title, summarise(rounds.map(of))]);
  return [...renderTable(name, figures), ...renderCounts(rounds), ...renderErrors(rounds)];
}

function renderRatios(ratios: Ratios): string[] {
  return renderTable('A / B', [
    ['texts/s', ratios.textsPerSecond],
    ['tokens/s', ratios.tokensPerSecond],
    ['p50', ratios.p50],
    ['p99', ratios.p99],
  ]);
}

function renderTable(title: string, rows: readonly [string, Spread | null][]): string[] {
  const line = (cells: readonly string[]) =>
    `  ${(cells[0] ?? '').padEnd(10)}${cells
      .slice(1)
      .map((cell) => cell.padStart(12))
      .join('')}`;
  return [
    line([title, 'median', 'min', 'max']),
    ...rows.map(([name, spread]) =>
      line([
        name,
        ...(spread === null ? ['-', '-', '-'] : [spread.median, spread.min, spread.max].map(renderNumber)),
      ]),
    ),
  ];
}

function renderNumber(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function renderCounts(rounds: readonly Round[]): string[] {
  const [texts, requests, failures, retries] = [
    sum(rounds, (round) => round.texts),
    sum(rounds, (round) => round.requests),
    sum(rounds, (round) => round.failures),
    sum(rounds, (round) => round.retries),
  ];
  const again = retries === 0 ? '' : `, ${whole(retries)} sent again`;
  const arrivals = rounds.flatMap((round) => round.arrivals ?? []);
  const rate = summarise(arrivals.map(({ perSecond }) => perSecond));
  const late = summarise(arrivals.map(({ lateMs }) => lateMs.p99));
  return [
    `  ${whole(texts)} texts answered in ${whole(requests)} requests; ${whole(failures)} requests failed${again}`,
    ...(rate === null || late === null
      ? []
      : [
          `  ${renderNumber(rate.median)} arrivals/s; 99 % sent within ${renderNumber(late.median)} ms of the plan`,
        ]),
    `  the generator used ${percent(busiest(rounds))} of one core`,
  ];
}

function renderStages(spent: StageSeconds | null): string[] {
  if (spent === null) return [];
  const rows = shareStages(spent).map(({ stage, seconds, share }) => {
    const part = share === null ? 'waiting' : `${(100 * share).toFixed(1)} %`;
    return `    ${stage.padEnd(10)}${renderNumber(seconds).padStart(10)} s${part.padStart(10)}`;
  });
  return ['  where time went, all workers together', ...rows];
}

function renderErrors(rounds: readonly Round[]): string[] {
  const merged = new Map<string, ErrorCount>();
  for (const error of rounds.flatMap(({ errors }) => errors)) {
    const key = `${error.status === null ? 'no answer' : `HTTP ${String(error.status)}`} ${error.code}`;
    merged.set(key, { ...error, count: error.count + (merged.get(key)?.count ?? 0) });
  }
  return [...merged].map(([key, { count }]) => `  ${key}: ${whole(count)}`);
}

const sum = (rounds: readonly Round[], of: (round: Round) => number): number =>
  rounds.reduce((total, round) => total + of(round), 0);
const whole = (value: number): string => value.toLocaleString('en-US');
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const busiest = (rounds: readonly Round[]): number =>
  Math.max(0, ...rounds.map(({ generatorCores }) => generatorCores));

const ENDINGS: Partial<Record<RoundEnd, string>> = {
  unreachable: 'the server stopped answering; the run ended there',
  backlog: 'the server fell so far behind the rate that arrivals were stopped',
  interrupted: 'interrupted: the last round is not whole',
};

/** What a reader must know before believing the figures. */
export function collectNotes(result: BenchResult): string[] {
  const rounds = result.legs.flatMap((leg) => leg.rounds.flat());
  const ends = new Set(rounds.map(({ end }) => end));
  const cutShort = result.legs.some(({ leg, rounds: lists }) =>
    lists.flat().some(({ end }) => end === 'time' && leg.wantedTexts !== null),
  );
  const notes = [...ends].flatMap((end) => ENDINGS[end] ?? []);
  if (cutShort) notes.push('the time was over before all texts were sent');
  const busy = busiest(rounds.filter(({ elapsedMs }) => elapsedMs >= TELLING_MS));
  if (busy >= BUSY_CORES)
    notes.push(`the generator was busy (${percent(busy)} of one core) and may be the limit`);
  return [...notes, ...noteDifferences(result)];
}

function noteDifferences({ servers: [a, b], legs }: BenchResult): string[] {
  if (a === undefined || b === undefined) return [];
  const notes: string[] = [];
  if (a.facts.encodingFormat !== b.facts.encodingFormat)
    notes.push(
      'one server answers in base64, the other in floats: --encoding-format float asks both for the same',
    );
  const similarity = cosine(a.facts.probeVector, b.facts.probeVector);
  if (similarity === null) notes.push('the servers answer in different dimensions');
  else if (!(similarity >= SAME_MODEL_COSINE))
    notes.push(
      `the servers disagree on the same text (cosine ${similarity.toFixed(4)}): not the same model or pooling`,
    );
  const [tokensA, tokensB] = [0, 1].map((index) =>
    tokensPerText(legs.flatMap((leg) => leg.rounds[index] ?? [])),
  );
  if (tokensA != null && tokensB != null && Math.abs(tokensA - tokensB) > 1e-9)
    notes.push(
      `the servers count different tokens per text (${tokensA.toFixed(2)} and ${tokensB.toFixed(2)}): compare texts/s`,
    );
  return notes;
}
