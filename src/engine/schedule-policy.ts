// Owns in which order texts that wait are taken where neither priority nor turns decide it. Pure but for chance and the
// clock; knows neither batches nor calls.

/** By how much each of the texts that wait is wanted: the more, the earlier; equal ones as they came. */
export type Ranker<Text> = (waiting: readonly Text[]) => (text: Text) => number;

/** What a text is ranked by. */
interface RankedText {
  readonly tokens: { readonly length: number };
  /** Tokens that its decode takes: without a shared beginning that is kept. */
  readonly cost: number;
  readonly prefix: object | null;
  readonly queuedAtMs: number;
}

export type SchedulePolicy =
  'fcfs' | 'lpm' | 'dfs-weight' | 'lof' | 'hrrn' | 'shortest-prefill-first' | 'random';

/** Null = as they came. */
export const RANKERS: Record<SchedulePolicy, Ranker<RankedText> | null> = {
  fcfs: null,
  lpm: () => (text) => text.tokens.length - text.cost,
  'dfs-weight': rankByCompany,
  lof: () => (text) => text.tokens.length,
  // Waiting per work: every text comes to its turn, short ones sooner.
  hrrn: () => {
    const nowMs = performance.now();
    return (text) => (nowMs - text.queuedAtMs) / text.cost;
  },
  'shortest-prefill-first': () => (text) => -text.cost,
  random: () => () => Math.random(),
};

/** Texts of one shared beginning next to each other, those of the beginning that most of them have first. */
function rankByCompany(waiting: readonly RankedText[]): (text: RankedText) => number {
  const company = new Map<object, number>();
  for (const { prefix } of waiting) if (prefix !== null) company.set(prefix, (company.get(prefix) ?? 0) + 1);
  const order = [...company].sort(([, a], [, b]) => a - b).map(([prefix]) => prefix);
  const ranks = new Map(order.map((prefix, index) => [prefix, index + 1]));
  return ({ prefix }) => (prefix === null ? 0 : (ranks.get(prefix) ?? 0));
}
