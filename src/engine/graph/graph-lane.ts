// Owns one backend instance, hence one stream of work on the device, and what it keeps between decodes: prefixes, the
// keys and values of one long text, the last graph. Several lanes share the weights.
// Knows tokens and raw vectors, as lane.ts does; which of the two computes is the engine's choice.
import { recordStage, type Profile } from '../../embedder.ts';
import { Fault } from '../../faults.ts';
import type { Decoder, LaneShape, LaneText } from '../decoder.ts';
import { roundUp } from '../lane-shapes.ts';
import type { Pointer } from '../llama-abi.ts';
import { laneBytes } from '../memory-need.ts';
import type { Prefix } from '../prefixes.ts';
import type { TokenTable } from '../token-table.ts';
import { planBlocks, planRounded, type BlockPlan, type ForwardShape, type PlacedText } from './blocks.ts';
import type { Device } from './device.ts';
import { fillInputs, type InputTexts } from './fill-inputs.ts';
import { buildForward, type Forward } from './forward.ts';
import { KeptForwards } from './kept-forwards.ts';
import { LaneMemory } from './memory.ts';
import { PrefixRows } from './prefix-rows.ts';
import type { Weights } from './weights.ts';

export interface GraphLaneOptions extends LaneShape {
  device: Device;
  weights: Weights;
  /** Needed where the weights have no table on the device. */
  table: TokenTable | null;
  path: string;
  /** Rounds small batches up to few shapes, for which graphs are kept, and rows of output to whole steps. */
  rounds: boolean;
  threads: number;
  profile: Profile;
}

/** Keys are read in steps of this many: CUDA's kernels for grouped heads want whole ones. */
const KEY_STEP = 256;
const OUTPUT_STEP = 32;

export class GraphLane implements Decoder {
  readonly cells: number;
  readonly #options: GraphLaneOptions;
  readonly #backend: Pointer;
  /** null on devices that have threads of their own. */
  readonly #threadSetter: Pointer | null;
  readonly #memory: LaneMemory;
  readonly #prefixes: PrefixRows;
  readonly #forwards: KeptForwards;
  #inputs = new Uint8Array(0);
  #vectors = new Float32Array(0);

  /** Faults: MEMORY_SHORT, ENGINE_FAILED, MODEL_UNSUPPORTED where the device lacks an operation. */
  constructor(options: GraphLaneOptions) {
    const { device, weights, cells, batchTokens, prefixSequences, threads } = options;
    const { ggml } = device;
    const backend = ggml.openBackend(device.pointer, null);
    if (backend === null) throw new Fault('ENGINE_FAILED', { problem: `${device.name} could not be opened` });
    this.cells = cells;
    this.#options = options;
    this.#backend = backend;
    this.#threadSetter = ggml.findProcedure(
      ggml.deviceRegistry(device.pointer),
      'ggml_backend_set_n_threads',
    );
    this.setThreads(threads);
    this.#memory = new LaneMemory(device, weights.hyperparameters, options.flashAttention ? 'F16' : 'F32');
    this.#prefixes = new PrefixRows(prefixSequences === 0 ? 0 : cells - batchTokens);
    this.#forwards = this.#openForwards();
    try {
      this.#tryOut();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async decodeTexts(
    texts: readonly LaneText[],
    onVector: (index: number, raw: Float32Array) => void,
  ): Promise<void> {
    // Read once: a prefix may be dropped while the decode runs.
    const prefixes = texts.map(({ prefix }) => prefix);
    this.#prefixes.dropDead();
    for (const prefix of new Set(prefixes)) if (prefix !== null) await this.#keepPrefix(prefix);
    const placed = texts.map(({ tokens }, i) => {
      const prefix = prefixes[i] ?? null;
      return { prefix, tokens: tokens.subarray(prefix?.tokens.length ?? 0) };
    });
    const { blocks, order } = this.#plan(placed);
    const inOrder = order.map((index) => {
      const { tokens, prefix } = placed[index] ?? { tokens: new Int32Array(0), prefix: null };
      return { tokens, prefixRows: prefix === null ? null : this.#prefixes.rowsOf(prefix) };
    });
    const slots = blocks.reduce((sum, block) => sum + block.texts, 0);
    const filler = { tokens: Int32Array.of(0), prefixRows: inOrder[0]?.prefixRows ?? null };
    while (inOrder.length < slots) inOrder.push(filler);
    const shape: ForwardShape = { blocks, keeps: 'slots', outputRows: this.#outputRows(slots) };
    const forward = await this.#decode(shape, { texts: inOrder, storeRows: null });
    const started = performance.now();
    const vectors = this.#readOutput(forward, texts.length);
    const { hidden } = this.#options.weights.hyperparameters;
    for (const [row, index] of order.entries())
      onVector(index, vectors.subarray(row * hidden, (row + 1) * hidden));
    recordStage(this.#options.profile, 'read', performance.now() - started);
  }

  async decodeChunk(tokens: Int32Array, start: number, isLast: boolean): Promise<Float32Array> {
    const length = tokens.length;
    const kvLength = roundUp(start + length, KEY_STEP);
    const block = { texts: 1, tokens: length, length, before: start, kvLength };
    const shape: ForwardShape = { blocks: [block], keeps: 'chunks', outputRows: isLast ? 1 : 0 };
    const forward = await this.#decode(shape, { texts: [{ tokens, prefixRows: null }], storeRows: null });
    return this.#readOutput(forward, 1);
  }

  setThreads(threads: number): void {
    if (this.#threadSetter === null) return;
    this.#options.device.ggml.setThreads(this.#threadSetter, this.#backend, threads);
  }

  close(): void {
    this.#forwards.close();
    this.#memory.close();
    this.#options.device.ggml.freeBackend(this.#backend);
  }

  #plan(texts: readonly PlacedText[]): BlockPlan {
    const { rounds, batchTokens } = this.#options;
    return (rounds ? planRounded(texts, batchTokens) : null) ?? planBlocks(texts);
  }

  /**
   * CUDA has some hundred kernels for products of 2 to 16 rows, and its driver keeps 150 KB and more of each that has run:
   * with a row per text a worker grew by 160 MB over 200,000 texts. One row has a kernel of its own.
   */
  #outputRows(texts: number): number {
    return this.#options.rounds && texts > 1 ? roundUp(texts, OUTPUT_STEP) : texts;
  }

  async #keepPrefix(prefix: Prefix): Promise<void> {
    if (this.#prefixes.has(prefix)) return;
    const { tokens } = prefix;
    const { length } = tokens;
    const storeRows = this.#prefixes.take(prefix);
    const block = { texts: 1, tokens: length, length, before: 0, kvLength: length };
    try {
      const shape: ForwardShape = { blocks: [block], keeps: 'prefix', outputRows: 0 };
      await this.#decode(shape, { texts: [{ tokens, prefixRows: null }], storeRows });
    } catch (error) {
      this.#prefixes.drop(prefix);
      throw error;
    }
  }

  async #decode(
    shape: ForwardShape,
    { texts, storeRows }: Pick<InputTexts, 'texts' | 'storeRows'>,
  ): Promise<Forward> {
    const { device, profile, table } = this.#options;
    const started = performance.now();
    const forward = this.#forwards.take(shape);
    const { sizeBytes } = forward.layout;
    if (this.#inputs.length < sizeBytes) this.#inputs = new Uint8Array(sizeBytes);
    const lookUp = table === null ? null : table.lookUp.bind(table);
    fillInputs(forward.layout, { shape, texts, storeRows, lookUp }, this.#inputs);
    device.ggml.setTensor(forward.inputs, this.#inputs, 0, sizeBytes);
    const filled = performance.now();
    const status = await this.#compute(forward);
    const computed = performance.now();
    recordStage(profile, 'look-up', filled - started);
    recordStage(profile, 'decode', computed - filled);
    if (status !== 0) throw new Fault('ENGINE_FAILED', { problem: `the graph ended with ${String(status)}` });
    return forward;
  }

  #compute({ sketch }: Forward): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#options.device.ggml.compute.async(
        this.#backend,
        sketch.graph,
        (error: unknown, result: number) => {
          if (error instanceof Error) reject(error);
          else resolve(result);
        },
      );
    });
  }

  /** One vector per text in the order of the blocks, valid until the next decode; empty without output. */
  #readOutput({ output }: Forward, texts: number): Float32Array {
    if (output === null) return new Float32Array(0);
    const { device, weights } = this.#options;
    const size = texts * weights.hyperparameters.hidden;
    if (this.#vectors.length < size) this.#vectors = new Float32Array(size);
    device.ggml.getTensor(output, this.#vectors, 0, size * Float32Array.BYTES_PER_ELEMENT);
    return this.#vectors;
  }

  #openForwards(): KeptForwards {
    const { device, weights } = this.#options;
    const memory = this.#memory;
    const [storeRows, chunkRows] = [this.#prefixes.capacity, roundUp(this.cells, KEY_STEP)];
    return new KeptForwards({
      device,
      memory,
      build: (shape, sketchMemory) =>
        buildForward({ device, weights, memory, sketchMemory, storeRows, chunkRows }, shape),
      shortage: () => device.shortage('one batch', this.#computeBytes()),
    });
  }

  #computeBytes(): number {
    const { weights } = this.#options;
    return laneBytes('graph', weights.hyperparameters, this.#options).compute;
  }

  /** Builds a graph of every kind of node, so that memory and operations that lack show here, not in a request. */
  #tryOut(): void {
    const { batchTokens, sequences } = this.#options;
    const before = this.#prefixes.capacity;
    const check = (forward: Forward) => {
      this.#checkOperations(forward);
    };
    if (sequences === 1) {
      const kvLength = roundUp(batchTokens, KEY_STEP);
      const chunk = { texts: 1, tokens: batchTokens, length: batchTokens, before: 0, kvLength };
      this.#forwards.take({ blocks: [chunk], keeps: 'chunks', outputRows: 1 }, check);
      return;
    }
    const length = Math.ceil(batchTokens / 4);
    const even = { texts: 2, tokens: 2 * length, length, before, kvLength: before + length };
    const uneven = { ...even, tokens: 2 * length - 1 };
    this.#forwards.take({ blocks: [even, uneven], keeps: 'slots', outputRows: this.#outputRows(4) }, check);
  }

  // A refused node would end the process. What devices refuse depends on the model (types, size and number of heads),
  // not on the batch.
  #checkOperations({ sketch }: Forward): void {
    const { device, path } = this.#options;
    const { ggml, pointer, name } = device;
    const nodes = ggml.countNodes(sketch.graph);
    for (let i = 0; i < nodes; i++) {
      const node = ggml.getNode(sketch.graph, i);
      if (ggml.supports(pointer, node)) continue;
      const problem = `${name} cannot compute ${ggml.operationName(node)} of this model's shape`;
      throw new Fault('MODEL_UNSUPPORTED', { path, problem });
    }
  }
}
