// Who gets which request: pure decisions over numbers. A request goes to the ready worker with the least work, or as the
// launch says;
// a big one is cut into slices so that several workers share it. A suspect (see suspicion.ts) runs alone.
import type { EmbedInput } from '../embedder.ts';

/** Requests in one worker: enough to fill several batches, few enough that a death makes few suspects. */
export const MAX_IN_FLIGHT = 256;

/** About the 1,024 tokens that fill a batch; a smaller slice would cost more than it spreads. */
export const MIN_SLICE_BYTES = 4096;

export interface Load {
  requests: number;
  bytes: number;
  /** Number of its last request, counted over all workers; 0 before the first. */
  lastTurn: number;
  /** A suspect is running here. */
  onTrial: boolean;
}

/** What the worker that gets a request has least of. */
export type BalanceMethod = 'total_tokens' | 'total_requests' | 'round_robin';

const MEASURES: Record<BalanceMethod, (load: Load) => number> = {
  total_tokens: ({ bytes }) => bytes,
  total_requests: ({ requests }) => requests,
  round_robin: ({ lastTurn }) => lastTurn,
};

export interface Waiting {
  fresh: boolean;
  suspects: boolean;
}

export interface Route {
  /** Index into the loads. */
  worker: number;
  take: 'fresh' | 'suspect';
}

/** The next request to hand out, or null when nothing waits or nobody is free. */
export function pickRoute(
  loads: readonly Load[],
  waiting: Waiting,
  balance: BalanceMethod = 'total_tokens',
): Route | null {
  const court = pickCourt(loads, waiting);
  if (court !== null && waiting.suspects && loads[court]?.requests === 0) {
    return { worker: court, take: 'suspect' };
  }
  if (!waiting.fresh) return null;
  const isEligible = (load: Load, index: number) => index !== court && load.requests < MAX_IN_FLIGHT;
  const worker = pickLeast(loads, MEASURES[balance], isEligible);
  return worker === null ? null : { worker, take: 'fresh' };
}

// One worker at a time tries suspects. It takes nothing else meanwhile, so that a death there has one cause.
function pickCourt(loads: readonly Load[], waiting: Waiting): number | null {
  const trial = loads.findIndex((load) => load.onTrial);
  if (trial >= 0) return trial;
  return waiting.suspects ? pickLeast(loads, MEASURES.total_tokens, () => true) : null;
}

function pickLeast(
  loads: readonly Load[],
  measure: (load: Load) => number,
  isEligible: (load: Load, index: number) => boolean,
): number | null {
  let least: number | null = null;
  let leastMeasure = Infinity;
  for (const [index, load] of loads.entries()) {
    if (measure(load) < leastMeasure && isEligible(load, index)) {
      least = index;
      leastMeasure = measure(load);
    }
  }
  return least;
}

export interface Slice {
  start: number;
  /** Exclusive. */
  end: number;
}

/** Contiguous slices of about equal size, at most one per worker; always at least one. */
export function planSlices(inputs: readonly EmbedInput[], workerCount: number): Slice[] {
  const sizes = inputs.map(estimateBytes);
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  const wanted = Math.min(workerCount, Math.floor(totalBytes / MIN_SLICE_BYTES));
  const slices: Slice[] = [];
  let start = 0;
  let doneBytes = 0;
  for (const [index, size] of sizes.entries()) {
    doneBytes += size;
    if (slices.length + 1 < wanted && doneBytes >= (totalBytes * (slices.length + 1)) / wanted) {
      slices.push({ start, end: index + 1 });
      start = index + 1;
    }
  }
  if (start < inputs.length || slices.length === 0) slices.push({ start, end: inputs.length });
  return slices;
}

const TEXT_PER_TOKEN = 4;

// A token is about 4 characters of text, so a text and its ids weigh alike.
function estimateBytes(input: EmbedInput): number {
  return TEXT_PER_TOKEN * estimateTokens(input);
}

/** Exact for ids; of a text, whose tokens nobody has counted yet, a quarter of its length. */
export function estimateTokens(input: EmbedInput): number {
  return typeof input === 'string' ? input.length / TEXT_PER_TOKEN : input.length;
}
