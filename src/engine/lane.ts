// Owns one llama_context: its cells, its input buffers, one decode at a time. Several lanes share one loaded model.
// Knows tokens and raw vectors; knows nothing of texts, calls or queues. The other Decoder is graph/graph-lane.ts.
import { recordStage, type Profile } from '../embedder.ts';
import { POOLING_LAST } from '../convert/qwen3.ts';
import { Fault } from '../faults.ts';
import type { Decoder, LaneShape, LaneText } from './decoder.ts';
import { findShortage } from './devices.ts';
import type { Llama, Pointer } from './llama-abi.ts';
import { FLASH_ATTENTION } from './llama-abi.ts';
import type { Batch } from './llama-layout.ts';
import { laneBytes } from './memory-need.ts';
import type { ModelFile } from './model-file.ts';
import type { Prefix } from './prefixes.ts';
import { readYarnRange } from './rope-scaling.ts';
import type { TokenTable } from './token-table.ts';

export interface LaneOptions extends LaneShape {
  llama: Llama;
  model: Pointer;
  table: TokenTable;
  file: ModelFile;
  gpuLayers: number;
  threads: number;
  profile: Profile;
}

/** Part of a text within one decode. */
interface Piece {
  tokens: Int32Array;
  /** Position of the first token in its text. */
  start: number;
  sequence: number;
}

export class Lane implements Decoder {
  readonly cells: number;
  readonly #options: LaneOptions;
  readonly #context: Pointer;
  readonly #memory: Pointer;
  readonly #buffers: BatchBuffers;
  /** Sequence that holds each decoded prefix. */
  readonly #prefixes = new Map<Prefix, number>();
  /** Sequences of the last decode's texts, whose cells the next one frees. */
  #usedSequences = 0;

  /** Faults: MEMORY_SHORT, ENGINE_FAILED. */
  constructor(options: LaneOptions) {
    const { llama, model, batchTokens, cells, sequences, prefixSequences, threads } = options;
    const context = llama.initContext(
      model,
      llama.contextParams({
        n_ctx: cells,
        n_batch: batchTokens,
        n_ubatch: batchTokens,
        n_seq_max: sequences + prefixSequences,
        n_threads: threads,
        n_threads_batch: threads,
        pooling_type: POOLING_LAST,
        flash_attn_type: options.flashAttention ? FLASH_ATTENTION.on : FLASH_ATTENTION.off,
        embeddings: true,
        kv_unified: true,
        ...readYarnRange(options.file.header.metadata),
      }),
    );
    if (context === null) throw contextFault(options);
    this.cells = cells;
    this.#options = options;
    this.#context = context;
    this.#memory = llama.getMemory(context);
    this.#buffers = allocateBuffers(llama, batchTokens, options.file.facts.dimensions);
  }

  async decodeTexts(
    texts: readonly LaneText[],
    onVector: (index: number, raw: Float32Array) => void,
  ): Promise<void> {
    this.#freeTexts();
    // Read once: a prefix may be dropped while the decode runs.
    const prefixes = texts.map(({ prefix }) => prefix);
    for (const prefix of new Set(prefixes)) if (prefix !== null) await this.#keepPrefix(prefix);
    const pieces = texts.map(({ tokens }, sequence) => {
      const start = this.#sharePrefix(prefixes[sequence] ?? null, sequence);
      return { tokens: tokens.subarray(start), start, sequence };
    });
    this.#usedSequences = texts.length;
    await this.#decode(pieces);
    const started = performance.now();
    for (let i = 0; i < texts.length; i++) onVector(i, this.#readVector(i));
    recordStage(this.#options.profile, 'read', performance.now() - started);
  }

  async decodeChunk(tokens: Int32Array, start: number): Promise<Float32Array> {
    if (start === 0) this.#freeTexts();
    this.#usedSequences = 1;
    await this.#decode([{ tokens, start, sequence: 0 }]);
    return this.#readVector(0);
  }

  setThreads(threads: number): void {
    this.#options.llama.setContextThreads(this.#context, threads, threads);
  }

  close(): void {
    this.#options.llama.freeContext(this.#context);
  }

  #readVector(sequence: number): Float32Array {
    const { llama, file } = this.#options;
    const pointer = llama.getEmbedding(this.#context, sequence);
    if (pointer === null)
      throw new Fault('ENGINE_FAILED', { problem: `no embedding for sequence ${String(sequence)}` });
    return llama.viewFloats(pointer, file.facts.dimensions);
  }

  #freeTexts(): void {
    const { llama } = this.#options;
    for (let i = 0; i < this.#usedSequences; i++) llama.removeSequence(this.#memory, i, -1, -1);
    this.#usedSequences = 0;
    for (const [prefix, sequence] of this.#prefixes) {
      if (prefix.live) continue;
      llama.removeSequence(this.#memory, sequence, -1, -1);
      this.#prefixes.delete(prefix);
    }
  }

  async #keepPrefix(prefix: Prefix): Promise<void> {
    if (this.#prefixes.has(prefix)) return;
    const { sequences, prefixSequences } = this.#options;
    const taken = new Set(this.#prefixes.values());
    const free = Array.from({ length: prefixSequences }, (_, i) => sequences + i).find((i) => !taken.has(i));
    if (free === undefined) throw new Fault('BUG', { problem: 'more live prefixes than sequences for them' });
    await this.#decode([{ tokens: prefix.tokens, start: 0, sequence: free }]);
    this.#prefixes.set(prefix, free);
  }

  /** Gives a sequence the cells of a prefix; returns the tokens that it need not decode. */
  #sharePrefix(prefix: Prefix | null, sequence: number): number {
    const source = prefix === null ? undefined : this.#prefixes.get(prefix);
    if (prefix === null || source === undefined) return 0;
    this.#options.llama.copySequence(this.#memory, source, sequence, -1, -1);
    return prefix.tokens.length;
  }

  async #decode(pieces: readonly Piece[]): Promise<void> {
    const { llama, profile } = this.#options;
    const { batch } = this.#buffers;
    const started = performance.now();
    this.#fillBatch(pieces);
    const filled = performance.now();
    const code = await new Promise<number>((resolve, reject) => {
      llama.decode.async(this.#context, batch, (error: unknown, result: number) => {
        if (error instanceof Error) reject(error);
        else resolve(result);
      });
    });
    recordStage(profile, 'look-up', filled - started);
    recordStage(profile, 'decode', performance.now() - filled);
    if (code !== 0) throw new Fault('ENGINE_FAILED', { problem: `llama_decode returned ${String(code)}` });
  }

  #fillBatch(pieces: readonly Piece[]): void {
    const { batch, vectors, sequenceIds } = this.#buffers;
    let at = 0;
    for (const { tokens, start, sequence } of pieces) {
      this.#options.table.lookUp(tokens, vectors, at);
      for (let i = 0; i < tokens.length; i++, at++) {
        batch.pos[at] = start + i;
        sequenceIds[at] = sequence;
      }
    }
    batch.n_tokens = at;
  }
}

// llama.cpp says no more than that it failed. Where a context is larger than what is free, that is the reason.
function contextFault({ llama, file, gpuLayers, cells, ...options }: LaneOptions): Fault {
  const bytes = laneBytes('llama', file.shape, { ...options, cells });
  const purpose = `the context of a lane of ${String(cells)} tokens`;
  const neededBytes = bytes.keysValues + bytes.prefixes + bytes.compute;
  return (
    findShortage(llama, { onGpu: gpuLayers !== 0, purpose, neededBytes }) ??
    new Fault('ENGINE_FAILED', { problem: `no context of ${String(cells)} tokens could be made` })
  );
}

/** Input of one decode. `sequenceIds` is what `batch.seq_id` points into, one id per token. */
interface BatchBuffers {
  batch: Batch;
  vectors: Float32Array;
  sequenceIds: Int32Array;
}

function allocateBuffers(llama: Llama, batchTokens: number, dimensions: number): BatchBuffers {
  const vectors = new Float32Array(batchTokens * dimensions);
  const sequenceIds = new Int32Array(batchTokens);
  const first = llama.address(sequenceIds);
  const batch = {
    n_tokens: 0,
    token: null,
    embd: vectors,
    pos: new Int32Array(batchTokens),
    n_seq_id: new Int32Array(batchTokens).fill(1),
    seq_id: BigInt64Array.from(
      { length: batchTokens },
      (_, i) => first + BigInt(i * Int32Array.BYTES_PER_ELEMENT),
    ),
    // In embedding mode every token must be an output.
    logits: new Int8Array(batchTokens).fill(1),
  };
  return { batch, vectors, sequenceIds };
}
