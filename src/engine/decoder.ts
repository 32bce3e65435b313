// THE contract between the scheduler and the lanes, llama.cpp's (lane.ts) and our own graph's (graph/graph-lane.ts): tokens
// in, raw vectors out, one decode at a time.
import type { Prefix } from './prefixes.ts';

export interface LaneShape {
  /** Tokens that fit into one decode. */
  batchTokens: number;
  /** Texts that fit into one decode. */
  sequences: number;
  /** Shared prefixes that can be kept decoded. */
  prefixSequences: number;
  /** Tokens whose keys and values are kept at once, prefixes included; at least batchTokens. */
  cells: number;
  flashAttention: boolean;
}

/** What a lane needs to know of a text. */
export interface LaneText {
  readonly tokens: Int32Array;
  readonly prefix: Prefix | null;
}

/** A lane as the scheduler sees it: one decode at a time. */
export interface Decoder {
  /** Tokens of the longest text that can go in chunks. */
  readonly cells: number;

  /**
   * Decodes whole texts together, their live prefixes left out, and hands each text's raw vector to `onVector`, as a
   * view that is valid only during that call. Faults: ENGINE_FAILED.
   */
  decodeTexts(
    texts: readonly LaneText[],
    onVector: (index: number, raw: Float32Array) => void,
  ): Promise<void>;

  /**
   * Decodes the next chunk of one long text; the chunk at position 0 starts a new one. The raw vector is right only
   * after the last chunk. The view is valid until the next decode. Faults: ENGINE_FAILED.
   */
  decodeChunk(tokens: Int32Array, start: number, isLast: boolean): Promise<Float32Array>;

  /** Of the decodes from now on. */
  setThreads(threads: number): void;

  close(): void;
}
