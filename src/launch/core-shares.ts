// Owns how a worker on the CPU spreads its decodes over its cores: how many run side by side, and on how many threads
// together. Pure. A decode's threads wait for each other after every node of the graph; what a short decode gains from a
// second thread it loses there, and more than that where another program takes one of the cores meanwhile.
import type { ModelShape } from '../engine/model-file.ts';

export interface CoreShares {
  cores: number;
  lanes: number;
  /** Of all lanes together: a decode that runs alone has all of them, others share. */
  threads: number;
}

/** Multiplications per token below which a decode stays on one thread. */
const SMALL = 30e6;

/** Decodes of a larger model side by side: while a batch is in one, a single text need not wait for its end. */
const LARGE_LANES = 2;

export function planCoreShares(cores: number, shape: ModelShape): CoreShares {
  return productsPerToken(shape) < SMALL
    ? { cores, lanes: cores, threads: 1 }
    : { cores, lanes: Math.min(cores, LARGE_LANES), threads: cores };
}

/** What its matrices cost: one multiplication per weight. */
function productsPerToken({ layers, hidden, ffn, heads, kvHeads, headDim }: ModelShape): number {
  return layers * (2 * hidden * (heads + kvHeads) * headDim + 3 * hidden * ffn);
}
