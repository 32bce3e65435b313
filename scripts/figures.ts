// What benchmarks say in the same words: the machine that they ran on, how far vectors are apart.
import { availableParallelism, cpus } from 'node:os';
import { cosine } from '../src/client/answer.ts';
import type { Embeddings } from '../src/embedder.ts';

export function describeMachine(): string {
  return `${cpus()[0]?.model ?? 'unknown'}, ${String(availableParallelism())} cores, Node ${process.version}`;
}

/** One vector per input. */
export function rowsOf({ vectors, dimensions }: Pick<Embeddings, 'vectors' | 'dimensions'>): Float32Array[] {
  return Array.from({ length: vectors.length / dimensions }, (_, i) =>
    vectors.subarray(i * dimensions, (i + 1) * dimensions),
  );
}

/** Least cosine between vectors of the same texts; NaN where they differ in number or dimensions. */
export function leastCosine(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return Math.min(...a.map((vector, i) => cosine(vector, b[i] ?? new Float32Array()) ?? NaN));
}
