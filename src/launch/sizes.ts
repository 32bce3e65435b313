// Owns how large a worker's lanes are: what the settings say, what the plan picks where they say nothing, and which of
// those picks shrink, in which order, where memory is short. Pure.
import type { Settings } from '../config/options.ts';
import type { Backend } from '../engine/libraries.ts';
import { CELL_STEP, type LaneLimits } from '../engine/lane-shapes.ts';
import { Fault } from '../faults.ts';
import type { CoreShares } from './core-shares.ts';

export type SizeSettings = Pick<
  Settings<'launch'>,
  | 'lanes'
  | 'batchTokens'
  | 'chunkedPrefillSize'
  | 'prefillMaxRequests'
  | 'maxRunningRequests'
  | 'maxTotalTokens'
  | 'contextLength'
  | 'deterministic'
>;

/** Where a worker runs, and what else its sizes depend on. */
export interface WorkerPlace {
  backend: Backend;
  cores: CoreShares;
  /** Longest text that is asked for. */
  contextTokens: number;
}

/** Sizes of one worker; part of the engine's settings. */
export interface Sizes extends LaneLimits {
  lanes: number;
}

// Without flash attention a text alone and among others differs by 3e-7 of its largest component (f32 weights), or by
// nothing (q8_0).
const CPU_SIZES = { batchTokens: 256, prefixTokens: 96, flashAttention: false };
// GPUs need 1,024 to 2,048 tokens per batch, and lanes that fill each other's gaps.
const GPU_SIZES = { lanes: 3, batchTokens: 2048, prefixTokens: 512, flashAttention: true };

/** More of --max-prefill-tokens is as good as this. */
const LARGEST_BATCH = 65_536;

/** Less is not worth a GPU's while; and no server for Qwen3-Embedding should refuse a page of text. */
const LEAST = { batchTokens: { cpu: 64, gpu: 512 }, prefixTokens: 128, contextTokens: 2048 } as const;

/**
 * Sizes from the most wished to the least: what comes first and fits is taken. What costs speed shrinks before what costs
 * an ability: prefixes, lanes, batches, and at last the longest text. What an option says stays, but for batches, of which
 * it says the most: lines for SGLang have 16,384, and beyond the plan's own pick nothing is lost.
 * Faults: BAD_OPTION where --max-total-tokens holds no batch.
 */
export function planSizes(settings: SizeSettings, worker: WorkerPlace): [Sizes, ...Sizes[]] {
  const picked = pickSizes(worker);
  let sizes = wishedSizes(settings, worker, picked);
  const ladder: [Sizes, ...Sizes[]] = [sizes];
  const step = (change: Partial<Sizes>): void => {
    sizes = { ...sizes, ...change };
    ladder.push(sizes);
  };
  const shrinkBatch = (least: number): void => {
    while (sizes.batchTokens > least)
      step(withBatch(settings, sizes, Math.max(least, Math.ceil(sizes.batchTokens / 2))));
  };
  shrinkBatch(picked.batchTokens);
  if (sizes.prefixTokens > LEAST.prefixTokens) step({ prefixTokens: LEAST.prefixTokens });
  if (settings.lanes === null) while (sizes.lanes > 1) step({ lanes: sizes.lanes - 1 });
  shrinkBatch(LEAST.batchTokens[worker.backend === 'cpu' ? 'cpu' : 'gpu']);
  if (settings.contextLength === null)
    while (sizes.contextTokens > LEAST.contextTokens)
      step({ contextTokens: Math.max(LEAST.contextTokens, powerBelow(sizes.contextTokens)) });
  const limit = settings.maxTotalTokens;
  return limit === null ? ladder : withinCells(ladder, limit);
}

type Picked = typeof GPU_SIZES;

const pickSizes = ({ backend, cores }: WorkerPlace): Picked =>
  backend === 'cpu' ? { ...CPU_SIZES, lanes: cores.lanes } : GPU_SIZES;

function wishedSizes(settings: SizeSettings, { contextTokens }: WorkerPlace, picked: Picked): Sizes {
  const { maxRunningRequests, prefillMaxRequests, chunkedPrefillSize } = settings;
  const lanes = Math.min(settings.lanes ?? picked.lanes, maxRunningRequests ?? Infinity);
  const perLane = maxRunningRequests === null ? Infinity : Math.floor(maxRunningRequests / lanes);
  // A decode's shape decides the order of its sums: alone, without a prefix decoded before, a text always has the same.
  const batchTexts = settings.deterministic ? 1 : Math.min(perLane, prefillMaxRequests ?? Infinity);
  const most = chunkedPrefillSize !== null && chunkedPrefillSize > 0 ? chunkedPrefillSize : Infinity;
  const sizes = {
    ...picked,
    ...(settings.deterministic ? { prefixTokens: 0 } : {}),
    lanes,
    batchTexts: Number.isFinite(batchTexts) ? batchTexts : null,
    contextTokens,
    chunkTokens: 0,
  };
  return {
    ...sizes,
    ...withBatch(settings, sizes, Math.min(settings.batchTokens ?? picked.batchTokens, most, LARGEST_BATCH)),
  };
}

// A long text goes in chunks as large as a batch, unless --chunked-prefill-size has another size, or -1: none.
function withBatch(
  { chunkedPrefillSize }: SizeSettings,
  { contextTokens }: Pick<Sizes, 'contextTokens'>,
  batchTokens: number,
): Pick<Sizes, 'batchTokens' | 'chunkTokens'> {
  if (chunkedPrefillSize === null) return { batchTokens, chunkTokens: batchTokens };
  const chunkTokens = chunkedPrefillSize < 0 ? contextTokens : Math.min(chunkedPrefillSize, contextTokens);
  return { batchTokens, chunkTokens: Math.max(1, chunkTokens) };
}

const powerBelow = (tokens: number): number => 2 ** (Math.ceil(Math.log2(tokens)) - 1);

/** Cells of the lanes for batches. */
const textCells = ({ lanes, batchTokens, prefixTokens }: Sizes): number =>
  lanes * (batchTokens + prefixTokens);

// The lanes for batches come first; the longest text may be as long as the cells that are left.
function withinCells(ladder: readonly Sizes[], maxTotalTokens: number): [Sizes, ...Sizes[]] {
  const fitting = ladder
    .filter((sizes) => textCells(sizes) <= maxTotalTokens)
    .map((sizes) => {
      const left = Math.floor((maxTotalTokens - textCells(sizes)) / CELL_STEP) * CELL_STEP;
      const longest = Math.max(sizes.batchTokens, left);
      return { ...sizes, contextTokens: Math.min(sizes.contextTokens, longest) };
    });
  const [first, ...rest] = fitting;
  if (first !== undefined) return [first, ...rest];
  const smallest = Math.min(...ladder.map(textCells));
  throw new Fault('BAD_OPTION', {
    option: `--max-total-tokens ${String(maxTotalTokens)}`,
    problem: `the lanes for batches alone keep ${String(smallest)} tokens`,
    hint: `give --max-total-tokens ${String(smallest)} or more, or fewer --lanes, or a smaller --max-prefill-tokens`,
  });
}
