// A call in slices, and its answer from theirs: rows in the order of the inputs, faults about the input meant.
import type { Embeddings } from '../embedder.ts';
import { Fault, type FaultCode, type FaultParams } from '../faults.ts';
import type { Slice } from './routing.ts';
import type { EmbedRequest } from '../worker/protocol.ts';
import { allocateMemory } from './shared-memory.ts';

/** One of them, as a worker gets it. */
export interface CallSlice extends EmbedRequest {
  /** Where the slice begins in the call. */
  start: number;
  signal: AbortSignal;
}

/** All slices at once, each with a signal that ends when the caller's does or another slice fails. */
export async function embedInSlices(
  slices: readonly Slice[],
  signal: AbortSignal | undefined,
  embed: (slice: Slice, signal: AbortSignal) => Promise<Embeddings>,
): Promise<Embeddings> {
  const call = new AbortController();
  const cancel = (): void => {
    call.abort();
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return joinEmbeddings(await Promise.all(slices.map((slice) => embed(slice, call.signal))));
  } catch (error) {
    // The other slices have no reader any more.
    call.abort();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** The slices' answers as one. */
export function joinEmbeddings(slices: readonly Embeddings[]): Embeddings {
  const [first] = slices;
  if (first === undefined)
    return { vectors: new Float32Array(0), dimensions: 0, tokenCounts: new Uint32Array(0), cutCount: 0 };
  const count = slices.reduce((sum, slice) => sum + slice.tokenCounts.length, 0);
  const { dimensions } = first;
  const joined = {
    vectors: new Float32Array(allocateMemory(4 * count * dimensions)),
    dimensions,
    tokenCounts: new Uint32Array(count),
    cutCount: slices.reduce((sum, slice) => sum + slice.cutCount, 0),
  };
  let row = 0;
  for (const slice of slices) {
    if (slice.dimensions !== dimensions) {
      const problem = `vectors of ${String(dimensions)} and ${String(slice.dimensions)} in one answer`;
      throw new Fault('WIRE_MALFORMED', { problem });
    }
    joined.vectors.set(slice.vectors, row * dimensions);
    joined.tokenCounts.set(slice.tokenCounts, row);
    row += slice.tokenCounts.length;
  }
  return joined;
}

/** A worker counts a slice's inputs from 0; the caller counts its own. */
export function shiftIndex(fault: Fault, start: number): Fault {
  const params = fault.params as Record<string, unknown>;
  const index = params['index'];
  if (start === 0 || typeof index !== 'number') return fault;
  const shifted = { ...params, index: index + start } as FaultParams<FaultCode>;
  return new Fault(fault.code, shifted, { cause: fault });
}
