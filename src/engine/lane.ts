// Owns one llama_context: its cells, its input buffers, one decode at a time. Several lanes share one loaded model.
// Knows tokens and raw vectors; knows nothing of texts, calls or queues.
import { Fault } from '../faults.ts';
import type { Llama, Pointer } from './llama-abi.ts';
import { FLASH_ATTENTION, POOLING_LAST } from './llama-abi.ts';
import type { Batch } from './llama-layout.ts';
import type { TokenTable } from './token-table.ts';

export interface LaneShape {
  /** Tokens that fit into one decode. */
  batchTokens: number;
  /** Texts that fit into one decode. */
  sequences: number;
  /** Tokens whose keys and values are kept at once; at least batchTokens. */
  cells: number;
  flashAttention: boolean;
}

export interface LaneOptions extends LaneShape {
  llama: Llama;
  model: Pointer;
  table: TokenTable;
  dimensions: number;
  threads: number;
}

/** Part of a text within one decode. */
interface Piece {
  tokens: Int32Array;
  /** Position of the first token in its text. */
  start: number;
}

export class Lane {
  readonly cells: number;
  readonly #options: LaneOptions;
  readonly #context: Pointer;
  readonly #memory: Pointer;
  readonly #buffers: BatchBuffers;

  /** Faults: ENGINE_FAILED where memory for the context is short. */
  constructor(options: LaneOptions) {
    const { llama, model, batchTokens, cells, sequences, threads } = options;
    const context = llama.initContext(
      model,
      llama.contextParams({
        n_ctx: cells,
        n_batch: batchTokens,
        n_ubatch: batchTokens,
        n_seq_max: sequences,
        n_threads: threads,
        n_threads_batch: threads,
        pooling_type: POOLING_LAST,
        flash_attn_type: options.flashAttention ? FLASH_ATTENTION.on : FLASH_ATTENTION.off,
        embeddings: true,
        kv_unified: true,
      }),
    );
    if (context === null)
      throw new Fault('ENGINE_FAILED', { problem: `no context of ${String(cells)} tokens could be made` });
    this.cells = cells;
    this.#options = options;
    this.#context = context;
    this.#memory = llama.getMemory(context);
    this.#buffers = allocateBuffers(llama, batchTokens, options.dimensions);
  }

  /**
   * Decodes whole texts together and hands each text's raw vector to `onVector`, as a view that is valid only during
   * that call. Faults: ENGINE_FAILED.
   */
  async decodeTexts(
    texts: readonly { tokens: Int32Array }[],
    onVector: (index: number, raw: Float32Array) => void,
  ): Promise<void> {
    await this.#decode(
      texts.map(({ tokens }) => ({ tokens, start: 0 })),
      true,
    );
    for (let i = 0; i < texts.length; i++) onVector(i, this.#readVector(i));
  }

  /**
   * Decodes the next chunk of one long text; the chunk at position 0 starts a new one. The raw vector is right only
   * after the last chunk. The view is valid until the next decode. Faults: ENGINE_FAILED.
   */
  async decodeChunk(tokens: Int32Array, start: number): Promise<Float32Array> {
    await this.#decode([{ tokens, start }], start === 0);
    return this.#readVector(0);
  }

  close(): void {
    this.#options.llama.freeContext(this.#context);
  }

  #readVector(sequence: number): Float32Array {
    const { llama, dimensions } = this.#options;
    const pointer = llama.getEmbedding(this.#context, sequence);
    if (pointer === null)
      throw new Fault('ENGINE_FAILED', { problem: `no embedding for sequence ${String(sequence)}` });
    return llama.viewFloats(pointer, dimensions);
  }

  async #decode(pieces: readonly Piece[], fresh: boolean): Promise<void> {
    const { llama, table } = this.#options;
    const { batch, vectors, sequenceIds } = this.#buffers;
    let at = 0;
    for (const [sequence, { tokens, start }] of pieces.entries()) {
      table.lookUp(tokens, vectors, at);
      for (let i = 0; i < tokens.length; i++, at++) {
        batch.pos[at] = start + i;
        sequenceIds[at] = sequence;
      }
    }
    batch.n_tokens = at;
    if (fresh) llama.clearMemory(this.#memory, false);
    const code = await new Promise<number>((resolve, reject) => {
      llama.decode.async(this.#context, batch, (error: unknown, result: number) => {
        if (error instanceof Error) reject(error);
        else resolve(result);
      });
    });
    if (code !== 0) throw new Fault('ENGINE_FAILED', { problem: `llama_decode returned ${String(code)}` });
  }
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
