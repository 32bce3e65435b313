// THE contract between the rooms: who asks for embeddings and who makes them.
// The engine, the pool and the tests' fakes implement it; server and commands know nothing else of them.

/** A text, or token ids of the model's own vocabulary. */
export type EmbedInput = string | readonly number[] | Int32Array;

/**
 * What becomes of an input with more than `tokens` tokens, the end token included; null = more than the model's context.
 * `tokens` is 2 at least. cut: the end token stays, of the others those on `side` go. mean: the vector is the mean of
 * those of chunks of `tokens` tokens, each with `overlap` tokens of the one before (half of `tokens` at most) and an end
 * token, weighted by their tokens and normalised again.
 */
export type LongText =
  | { way: 'cut'; tokens: number | null; side: 'left' | 'right' }
  | { way: 'mean'; tokens: number | null; overlap: number };

export interface EmbedOptions {
  /** Length of the vectors asked for: each is cut to its first components, then normalised. Default: the model's. */
  dimensions?: number;
  /** Default: INPUT_TOO_LONG for an input that is longer than the model's context. */
  longText?: LongText;
  /** Of texts that wait, those of the highest are computed first: 32 bits with a sign, default 0. Nothing that runs stops. */
  priority?: number;
  /** What lines of the log about its texts call the request. */
  requestId?: string;
  /** Aborting drops what has not been computed; `embed` then rejects with the fault CANCELLED. */
  signal?: AbortSignal;
}

/** What an embedder tells of its work beside answers. */
export interface Note {
  level: 'info' | 'warn';
  message: string;
  /** The requests that it concerns, `MOST_NOTED_IDS` at most. */
  requestIds: readonly string[];
}

/** A batch may hold texts of hundreds of requests; a line in a log names so many. */
export const MOST_NOTED_IDS = 32;

/** The requests of these calls or jobs, each once, as a note names them; those without a name are left out. */
export function noteIds(items: Iterable<{ readonly requestId: string | null }>): string[] {
  const ids = new Set<string>();
  for (const { requestId } of items) {
    if (requestId !== null) ids.add(requestId);
    if (ids.size === MOST_NOTED_IDS) break;
  }
  return [...ids];
}

export interface TokenOptions {
  special: boolean;
}

export interface Embeddings {
  /** Row-major [inputs.length x dimensions], float32, each row L2-normalised, rows in the order of the inputs. */
  vectors: Float32Array;
  dimensions: number;
  /** Tokens computed per input, the end token included. */
  tokenCounts: Uint32Array;
  /** Inputs that were cut, as `longText` said. */
  cutCount: number;
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

/** Stages of the work on a text, in order. `queue` is waiting, the others are somebody's time. */
export const STAGES = ['tokenise', 'queue', 'look-up', 'decode', 'read'] as const;
export type Stage = (typeof STAGES)[number];

/** Upper bounds in seconds of the buckets in which each stage is counted: a short text's tokens take 20 us, a full queue a minute. */
export const STAGE_BOUNDS = [
  0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,
  2, 5, 10, 20, 50, 100,
] as const;

/** What an embedder has done since it was opened; sums, so that two profiles subtract. */
export interface Profile {
  batches: number;
  /** Texts whose vector was asked for and delivered. */
  texts: number;
  /** Tokens of those texts, the end token included. */
  tokens: number;
  /** Tokens of theirs that were not decoded because a shared prefix held them already. */
  prefixTokens: number;
  /** Texts that were answered together with an equal one in flight. */
  duplicates: number;
  /** Texts whose vector came from the cache of finished vectors. */
  cacheHits: number;
  /** Seconds per stage, added up over decodes (`tokenise` and `queue`: over texts). */
  stageSeconds: Record<Stage, number>;
  /** How often a stage took how long: a count per bound of STAGE_BOUNDS, each without those below it, and one above all. */
  stageCounts: Record<Stage, number[]>;
}

export interface Embedder {
  readonly model: ModelFacts;

  /**
   * One vector per input, all or none.
   * Faults: INPUT_TOO_LONG, INVALID_REQUEST (an id outside the vocabulary), VECTOR_NOT_FINITE, WORKER_DIED,
   * WORKERS_GIVEN_UP, STOPPING, CANCELLED; OVERLOADED and DISPLACED where an embedder limits what it takes.
   */
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Embeddings>;

  /**
   * Ids of each text as the model's tokenizer gives them; `special` appends the end token.
   * Faults: WORKER_DIED, WORKERS_GIVEN_UP, STARTING, STOPPING.
   */
  tokenise(texts: readonly string[], options: TokenOptions): Promise<number[][]>;

  /**
   * The text of each list of ids, all of them below `vocabularySize`; `special` keeps the text of special tokens.
   * Bytes that are no UTF-8 become U+FFFD. Faults: WORKER_DIED, WORKERS_GIVEN_UP, STARTING, STOPPING.
   */
  detokenise(idLists: readonly (readonly number[])[], options: TokenOptions): Promise<string[]>;

  /** Drops what is kept from one call to the next: finished vectors and shared prefixes. Faults: STOPPING. */
  forget(): Promise<void>;

  /** Faults: WORKER_DIED, STOPPING. */
  profile(): Promise<Profile>;

  /** Lets calls in flight finish, then frees everything. Later calls reject with STOPPING. */
  close(): Promise<void>;
}

export function emptyProfile(): Profile {
  return {
    batches: 0,
    texts: 0,
    tokens: 0,
    prefixTokens: 0,
    duplicates: 0,
    cacheHits: 0,
    stageSeconds: forStages(() => 0),
    stageCounts: forStages(() => [...STAGE_BOUNDS.map(() => 0), 0]),
  };
}

export function forStages<Value>(valueOf: (stage: Stage) => Value): Record<Stage, Value> {
  return {
    tokenise: valueOf('tokenise'),
    queue: valueOf('queue'),
    'look-up': valueOf('look-up'),
    decode: valueOf('decode'),
    read: valueOf('read'),
  };
}

/** Adds one text's or one decode's time in a stage. */
export function recordStage(profile: Profile, stage: Stage, milliseconds: number): void {
  const seconds = milliseconds / 1000;
  const bucket = STAGE_BOUNDS.findIndex((bound) => seconds <= bound);
  const counts = profile.stageCounts[stage];
  const at = bucket < 0 ? STAGE_BOUNDS.length : bucket;
  counts[at] = (counts[at] ?? 0) + 1;
  profile.stageSeconds[stage] += seconds;
}
