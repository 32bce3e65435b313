// Owns the bytes that a model and its lanes take: every formula of them, for the plan that budgets beforehand and for
// the fault that names what did not fit. Pure: shapes in, bytes out; knows no device and asks nobody how much is free.
// What the formulas leave out: the libraries' own memory, and a GPU backend's scratch buffers, which
// launch/memory-budget.ts allows for. test/e2e/memory.test.ts holds them against what llama.cpp and the graph allocate on the CPU.
import { TENSOR_TYPES, type TensorType } from '../convert/gguf.ts';
import type { ComputeKind } from './compute.ts';
import { SHORT } from './graph/blocks.ts';
import { ROW_STEP } from './graph/memory.ts';
import { CELL_STEP, roundUp } from './lane-shapes.ts';
import type { LaneShape } from './decoder.ts';
import type { ModelShape } from './model-file.ts';

const F32_BYTES = 4;
/** A key and a value: llama.cpp's always in half precision, the graph's only with flash attention. */
const HALF_PAIR_BYTES = 4;
const FULL_PAIR_BYTES = 8;
const ROW_NUMBER_BYTES = 8;

export interface WeightBytes {
  /** Everything but the token table and an output matrix, which is never loaded. */
  layers: number;
  tokenTable: number;
}

/** Weights of a shape in one type; norms stay float32. A .gguf of mixed types is summed up instead. */
export function weightBytes(shape: ModelShape & { vocabulary: number }, type: TensorType): WeightBytes {
  const { layers, hidden, ffn, heads, kvHeads, headDim, vocabulary } = shape;
  const { blockBytes, blockElements } = TENSOR_TYPES[type];
  const matrix = (elements: number) => (elements / blockElements) * blockBytes;
  const perLayer = matrix(hidden * (2 * heads + 2 * kvHeads) * headDim + 3 * hidden * ffn);
  const norms = (layers * (2 * hidden + 2 * headDim) + hidden) * F32_BYTES;
  return { layers: layers * perLayer + norms, tokenTable: matrix(hidden * vocabulary) };
}

/** What a lane takes where it computes. */
export interface LaneBytes {
  keysValues: number;
  /** Keys and values of shared prefixes. */
  prefixes: number;
  /** Inputs and what lies between the layers of one decode, at its largest. */
  compute: number;
  /** Vectors on their way between the process and the device. */
  host: number;
}

/** A lane at its largest: with the texts that need the most. */
export function laneBytes(compute: ComputeKind, shape: ModelShape, lane: LaneShape): LaneBytes {
  return compute === 'graph' ? graphLaneBytes(shape, lane) : llamaLaneBytes(shape, lane);
}

const cellBytes = ({ layers, kvHeads, headDim }: ModelShape, pairBytes: number): number =>
  layers * kvHeads * headDim * pairBytes;

/** Floats per token when a layer is widest: gate, up and their product, residual, norm, and what attention left. */
const ffnFloats = ({ hidden, ffn, heads, headDim }: ModelShape): number =>
  3 * ffn + 3 * hidden + heads * headDim;

// llama.cpp plans its graph for a whole multiple of the sequences, over all cells. Without flash attention every head's
// scores are there at once, the mask is float32, and values are written transposed, each by a number of its own.
function llamaLaneBytes(shape: ModelShape, lane: LaneShape): LaneBytes {
  const { hidden, heads, kvHeads, headDim } = shape;
  const { batchTokens, prefixSequences, flashAttention } = lane;
  const cells = roundUp(lane.cells, CELL_STEP);
  const sequences = Math.min(lane.sequences + prefixSequences, batchTokens);
  const tokens = roundUp(batchTokens, sequences);
  const scores = cells * heads + 3 * heads * headDim + hidden + kvHeads * headDim;
  const perToken = flashAttention
    ? ffnFloats(shape) * F32_BYTES + cells * 2
    : Math.max(ffnFloats(shape), scores) * F32_BYTES + cells * 4 + kvHeads * headDim * ROW_NUMBER_BYTES;
  const prefixCells = prefixSequences === 0 ? 0 : lane.cells - batchTokens;
  return {
    keysValues: (cells - prefixCells) * cellBytes(shape, HALF_PAIR_BYTES),
    prefixes: prefixCells * cellBytes(shape, HALF_PAIR_BYTES),
    compute: tokens * perToken,
    // Token vectors on the way in, every token's output on the way out.
    host: 2 * batchTokens * hidden * F32_BYTES,
  };
}

// The graph keeps one layer's keys and values for all layers, in slots as long as the longest text of a block; only
// prefixes and long texts have a pair per layer.
function graphLaneBytes(shape: ModelShape, lane: LaneShape): LaneBytes {
  const { heads, kvHeads, headDim } = shape;
  const { batchTokens, sequences, prefixSequences, flashAttention } = lane;
  if (sequences === 1 && prefixSequences === 0) return graphLongLaneBytes(shape, lane);
  const prefixTokens = prefixSequences === 0 ? 0 : lane.cells - batchTokens;
  const queryRows = slotRows(lane);
  const kvRows = queryRows + sequences * prefixTokens;
  const pairBytes = flashAttention ? HALF_PAIR_BYTES : FULL_PAIR_BYTES;
  return {
    keysValues:
      roundUp(kvRows, ROW_STEP) * kvHeads * headDim * pairBytes +
      // Queries in slots, and what attention gives for them.
      (roundUp(queryRows, ROW_STEP) + roundUp(batchTokens + 1, ROW_STEP)) * heads * headDim * F32_BYTES,
    prefixes: prefixTokens * cellBytes(shape, pairBytes),
    compute: graphComputeBytes(shape, {
      tokens: batchTokens,
      rows: queryRows,
      keys: lane.cells,
      prefixRows: sequences * prefixTokens,
    }),
    host: graphInputBytes(batchTokens, lane.cells),
  };
}

// The last layer's keys and values are float32 on the CPU, as much as those of one more layer.
function graphLongLaneBytes(shape: ModelShape, { batchTokens, cells }: LaneShape): LaneBytes {
  const keys = roundUp(cells, CELL_STEP);
  return {
    keysValues: keys * cellBytes({ ...shape, layers: shape.layers + 1 }, HALF_PAIR_BYTES),
    prefixes: 0,
    compute: graphComputeBytes(shape, { tokens: batchTokens, rows: batchTokens, keys, prefixRows: 0 }),
    host: graphInputBytes(batchTokens, keys),
  };
}

// A block's slots are as long as its longest text, which is at most twice the shortest, or SHORT.
function slotRows({ batchTokens, sequences }: LaneShape): number {
  return 2 * (batchTokens - sequences) + SHORT * sequences;
}

interface GraphWork {
  tokens: number;
  /** Rows of queries in slots. */
  rows: number;
  /** Keys that a text can look at. */
  keys: number;
  /** Rows that are copied from the store of prefixes, by way of float32. */
  prefixRows: number;
}

/** Inputs and nodes of a graph: at the largest of the three moments of a layer. */
function graphComputeBytes(shape: ModelShape, { tokens, rows, keys, prefixRows }: GraphWork): number {
  const { hidden, heads, kvHeads, headDim } = shape;
  const copying = tokens * hidden + prefixRows * kvHeads * headDim;
  const attention = tokens * (2 * hidden + 2 * (heads + kvHeads) * headDim) + rows * heads * headDim;
  const floats = Math.max(copying, attention, tokens * ffnFloats(shape));
  return floats * F32_BYTES + graphInputBytes(tokens, keys);
}

/** Masks in half precision, one of them read past its end by a tile of 64 rows, and a few numbers per token. */
const graphInputBytes = (tokens: number, keys: number): number =>
  roundUp((tokens + 64) * keys * 2 + tokens * 64, 2 ** 20);
