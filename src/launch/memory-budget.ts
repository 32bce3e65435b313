// Owns the sum of what a worker takes, by purpose and by place, and what the budget allows there. Pure. The formulas of
// the engine's own allocations are engine/memory-need.ts's; here are the allowances for what nobody can compute.
import type { ComputeKind } from '../engine/compute.ts';
import { needsLongLane, planLongLane, planTextLane } from '../engine/lane-shapes.ts';
import type { Backend } from '../engine/libraries.ts';
import { laneBytes, type LaneBytes, type WeightBytes } from '../engine/memory-need.ts';
import type { ModelShape } from '../engine/model-file.ts';
import type { Sizes } from './sizes.ts';

/** What memory is for, in the order of the table that people see. */
export const PURPOSES = [
  'weights',
  'token table',
  'keys and values',
  'shared prefixes',
  'long texts',
  'compute buffers',
  'process',
] as const;
type Purpose = (typeof PURPOSES)[number];
export type Bytes = Record<Purpose, number>;

/** What one worker takes: on each of its GPUs (null on the CPU), and of the system's memory. */
export interface WorkerMemory {
  gpu: Bytes | null;
  system: Bytes;
}

export interface MemoryQuestion {
  backend: Backend;
  compute: ComputeKind;
  shape: ModelShape;
  weights: WeightBytes;
  sizes: Sizes;
  /** GPUs that share the model. */
  split: number;
}

const MB = 1e6;

/** A worker of Node with llama.cpp's libraries and the vocabulary: 120 MB resident (Linux), and the words it has met. */
const PROCESS_BYTES = 200 * MB;

/**
 * What a backend's libraries take on each GPU beside what they are asked for: driver context, kernels, handles. An
 * allowance, not a measurement.
 */
const LIBRARY_BYTES: Record<Backend, number> = {
  cpu: 0,
  cuda: 700 * MB,
  vulkan: 400 * MB,
  metal: 200 * MB,
};

export function planMemory(question: MemoryQuestion): WorkerMemory {
  const { backend, compute, weights, shape, sizes, split } = question;
  const text = laneBytes(compute, shape, planTextLane(sizes));
  const long = longLane(question);
  const onDevice: Bytes = {
    weights: weights.layers / split,
    'token table': compute === 'graph' ? weights.tokenTable : 0,
    'keys and values': (sizes.lanes * text.keysValues) / split,
    'shared prefixes': (sizes.lanes * text.prefixes) / split,
    'long texts': (long.keysValues + long.prefixes) / split + long.compute,
    'compute buffers': sizes.lanes * (text.compute + scratchBytes(question)),
    process: LIBRARY_BYTES[backend],
  };
  const inSystem: Bytes = {
    ...NOTHING,
    'token table': compute === 'graph' ? 0 : weights.tokenTable,
    'long texts': long.host,
    'compute buffers': sizes.lanes * text.host,
    process: PROCESS_BYTES,
  };
  return backend === 'cpu'
    ? { gpu: null, system: sumOf([onDevice, inSystem]) }
    : { gpu: onDevice, system: inSystem };
}

const NOTHING = Object.fromEntries(PURPOSES.map((purpose) => [purpose, 0])) as Bytes;
const NO_LANE: LaneBytes = { keysValues: 0, prefixes: 0, compute: 0, host: 0 };

const longLane = ({ compute, shape, sizes }: MemoryQuestion): LaneBytes =>
  needsLongLane(sizes) ? laneBytes(compute, shape, planLongLane(sizes, sizes.contextTokens)) : NO_LANE;

// GPUs turn what goes into a product into the weights' type, in memory of their own.
const scratchBytes = ({ backend, shape, sizes }: MemoryQuestion): number =>
  backend === 'cpu' ? 0 : sizes.batchTokens * shape.ffn * 2;

export function sumOf(parts: readonly Bytes[]): Bytes {
  const sum = { ...NOTHING };
  for (const part of parts) for (const purpose of PURPOSES) sum[purpose] += part[purpose];
  return sum;
}

export const totalOf = (bytes: Bytes): number => PURPOSES.reduce((sum, purpose) => sum + bytes[purpose], 0);
