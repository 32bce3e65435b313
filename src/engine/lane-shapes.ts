// Owns how large the lanes of an engine are: the one place that says so, for the scheduler that opens them and for the
// plan that must know beforehand what they take. Pure; knows neither llama.cpp nor bytes.
import type { LaneShape } from './decoder.ts';

export interface LaneLimits {
  /** Most tokens of texts that are decoded together; longer texts go in chunks on a lane of their own. */
  batchTokens: number;
  /** Most texts that are decoded together; null = as many as llama.cpp keeps apart. */
  batchTexts: number | null;
  /** Most tokens of shared prefixes that each lane keeps decoded; 0 turns sharing off. */
  prefixTokens: number;
  /** Most tokens of a long text in one decode. */
  chunkTokens: number;
  /** Longest text. */
  contextTokens: number;
  /**
   * Attention that keeps and sums in half precision, for batches of texts; a text that goes in chunks always has it.
   * Without it llama.cpp takes its other kernels, and the graph keeps keys and values in float32.
   */
  flashAttention: boolean;
}

/** llama.cpp keeps at most 256 sequences apart (LLAMA_MAX_SEQ); some of them hold prefixes. */
const MOST_SEQUENCES = 256;
export const PREFIX_SEQUENCES = 8;

/** Cells of a long lane grow in powers of two from here, so that few sizes are ever opened. */
const LEAST_LONG_CELLS = 1024;
/** llama.cpp and CUDA's kernels take cells in steps of this many. */
export const CELL_STEP = 256;

export const roundUp = (count: number, step: number): number => Math.ceil(count / step) * step;

/** The lane for batches of texts. */
export function planTextLane(limits: Omit<LaneLimits, 'chunkTokens' | 'contextTokens'>): LaneShape {
  const { batchTokens, batchTexts, prefixTokens, flashAttention } = limits;
  const prefixSequences = prefixTokens > 0 ? PREFIX_SEQUENCES : 0;
  // llama.cpp makes room for an output of every sequence and aborts where a batch has fewer tokens than that.
  const mostTexts = Math.min(MOST_SEQUENCES, batchTokens) - prefixSequences;
  return {
    batchTokens,
    sequences: Math.min(mostTexts, batchTexts ?? mostTexts),
    prefixSequences,
    cells: batchTokens + prefixTokens,
    flashAttention,
  };
}

/**
 * The lane for a text of `tokens` that goes in chunks. Without flash attention a 32k text would need chunkTokens x 32k
 * scores per head; and a text that always goes alone, in the same chunks, cannot differ from itself in a batch.
 */
export function planLongLane(
  { chunkTokens, contextTokens }: Pick<LaneLimits, 'chunkTokens' | 'contextTokens'>,
  tokens: number,
): LaneShape {
  const grown = Math.max(LEAST_LONG_CELLS, 2 ** Math.ceil(Math.log2(tokens)));
  const cells = Math.max(tokens, Math.min(grown, roundUp(contextTokens, CELL_STEP)));
  const batchTokens = Math.min(chunkTokens, cells);
  return { batchTokens, sequences: 1, prefixSequences: 0, cells, flashAttention: true };
}

/** Whether some text is too long for a batch. */
export const needsLongLane = ({ batchTokens, contextTokens }: LaneLimits): boolean =>
  contextTokens > batchTokens;
