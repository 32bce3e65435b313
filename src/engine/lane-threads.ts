// Owns the decision how many threads one decode gets: all of them while it is the only one, a share while others run
// beside it, or always its share. Pure. Threads of one decode wait for each other after every node of the graph, so decodes that each have
// a thread of their own do more with the same cores.
// CPU, 2 cores that others used too, 8 layers of the 0.6B in bf16, texts of 32 tokens: 58 ms of processor time per text on
// two lanes of one thread each, 90 on one lane of two (the least of seven rounds in turns).

export interface ThreadShares {
  /** Threads of all lanes together. */
  threads: number;
  lanes: number;
  /** Every decode has its share only: the sums of a chunk of a long text are in another order with more threads. */
  steadyThreads: boolean;
}

/** `isAlone`: no other lane decodes now, and no text waits that one could take. */
export function planThreads({ threads, lanes, steadyThreads }: ThreadShares, isAlone: boolean): number {
  return isAlone && !steadyThreads ? threads : Math.max(1, Math.floor(threads / lanes));
}
