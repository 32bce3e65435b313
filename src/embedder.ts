// THE contract between the rooms: who asks for embeddings and who makes them.
// The engine, the pool and the tests' fakes implement it; server and commands know nothing else of them.

/** A text, or token ids of the model's own vocabulary. */
export type EmbedInput = string | readonly number[];

export interface EmbedOptions {
  /** Length of the vectors asked for: each is cut to its first components, then normalised. Default: the model's. */
  dimensions?: number;
  /** Aborting drops what has not been computed; `embed` then rejects with the fault CANCELLED. */
  signal?: AbortSignal;
}

export interface Embeddings {
  /** Row-major [inputs.length x dimensions], float32, each row L2-normalised, rows in the order of the inputs. */
  vectors: Float32Array;
  dimensions: number;
  /** Tokens computed per input, the end token included. */
  tokenCounts: Uint32Array;
}

/** Facts about the model being served, read from its file. */
export interface ModelFacts {
  /** Components of a full vector. */
  dimensions: number;
  /** Longest input in tokens, the end token included. */
  contextTokens: number;
  vocabularySize: number;
  layers: number;
  /** Type of the weights as llama.cpp names it: F32, F16, BF16, Q8_0 ... */
  weightsType: string;
}

export interface Embedder {
  readonly model: ModelFacts;

  /**
   * One vector per input, all or none.
   * Faults: INPUT_TOO_LONG, INVALID_REQUEST (an id outside the vocabulary), VECTOR_NOT_FINITE, WORKER_DIED,
   * WORKER_START_FAILED, STOPPING, CANCELLED.
   */
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Embeddings>;

  /** Lets calls in flight finish, then frees everything. Later calls reject with STOPPING. */
  close(): Promise<void>;
}
