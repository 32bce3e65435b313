// Owns the forward pass of Qwen3 as a ggml graph: shapes in, tensors out; reads no token and computes nothing.
// Order of a layer: prefixes into the slots -> norm -> q, k, v -> q and k normed and rotated, k and v into their rows ->
// attention per block -> output -> norm -> gate, up, down. q is appended first, k's rows directly after k's rotation,
// then v's: in this order CUDA fuses norm, product, rotation and row writing into single kernels.
// In the last layer only each text's last token goes beyond keys and values: nobody reads the others.
import { Fault } from '../../faults.ts';
import type { Pointer } from '../llama-abi.ts';
import { Attention } from './attention.ts';
import { sumBlocks, type ForwardShape, type Totals } from './blocks.ts';
import type { Device } from './device.ts';
import { planInputs, type InputLayout, type InputPlan } from './inputs.ts';
import type { KeysValues, LaneMemory } from './memory.ts';
import { PlacedInputs } from './placed-inputs.ts';
import { Sketch, type SketchMemory } from './sketch.ts';
import type { Joined, LayerWeights, Weights } from './weights.ts';

export interface ForwardParts {
  device: Device;
  weights: Weights;
  memory: LaneMemory;
  sketchMemory: SketchMemory;
  /** Rows of the store of prefixes, and of the memory for a long text. */
  storeRows: number;
  chunkRows: number;
}

/** A graph that waits for its inputs. */
export interface Forward {
  shape: ForwardShape;
  layout: InputLayout;
  sketch: Sketch;
  /** All inputs as one tensor of bytes. */
  inputs: Pointer;
  /** A vector per row of output, those of the texts first, in the order of the blocks; null without output. */
  output: Pointer | null;
}

const F32_BYTES = 4;

/** Most nodes and views that one layer, and one block in it, can need; counted in the code below, with room. */
const LAYER_NODES = 56;
const BLOCK_NODES = 12;

/** Describes the graph. `memory` may move: graphs made before are then void. Faults: ENGINE_FAILED. */
export function buildForward(parts: ForwardParts, shape: ForwardShape): Forward {
  return new Builder(parts, shape).build();
}

/** Rows of q, k or v inside the product that they came from. */
interface Rows {
  tensor: Pointer;
  rowBytes: number;
  offset: number;
}

class Builder {
  readonly #parts: ForwardParts;
  readonly #shape: ForwardShape;
  readonly #totals: Totals;
  readonly #layout: InputLayout;
  readonly #sketch: Sketch;
  readonly #inputs: PlacedInputs;
  readonly #attention: Attention;
  readonly #queries: Pointer | null;
  readonly #slots: KeysValues | null;
  readonly #chunks: KeysValues[];
  readonly #store: KeysValues[];

  constructor(parts: ForwardParts, shape: ForwardShape) {
    const { device, weights, memory, sketchMemory, storeRows, chunkRows } = parts;
    const { layers, hidden } = weights.hyperparameters;
    const totals = sumBlocks(shape);
    this.#parts = parts;
    this.#shape = shape;
    this.#totals = totals;
    this.#layout = planInputs(shape, weights.table === null ? hidden : null);
    this.#queries = this.#layout.queryRows === null ? null : memory.queries(totals.queryRows);
    this.#slots = shape.keeps === 'chunks' ? null : memory.slots(totals.kvRows);
    this.#chunks = shape.keeps === 'chunks' ? memory.chunks(chunkRows) : [];
    this.#store = shape.keeps === 'prefix' || totals.prefixRows > 0 ? memory.store(storeRows) : [];
    const nodes = layers * (LAYER_NODES + BLOCK_NODES * shape.blocks.length) + 64;
    const sketch = new Sketch(device.ggml, sketchMemory, nodes);
    this.#sketch = sketch;
    this.#inputs = new PlacedInputs(device, sketch, memory.inputs(this.#layout.sizeBytes));
    const { hyperparameters } = weights;
    const isJoined = this.#layout.blocks.some(({ to, lastTo }) => to !== null || lastTo !== null);
    this.#attention = new Attention({
      sketch,
      shape,
      tokens: totals.tokens,
      joined: isJoined ? memory.attended(Math.max(totals.tokens + 1, shape.outputRows)) : null,
      hyperparameters,
      layout: this.#layout,
      inputs: this.#inputs,
    });
  }

  build(): Forward {
    const { device, weights } = this.#parts;
    const tokens = this.#inputs.get(this.#layout.tokens);
    let x: Pointer | null = weights.table === null ? tokens : this.#sketch.getRows(weights.table, tokens);
    for (const [i, layer] of weights.layers.entries()) {
      if (x === null) throw new Fault('BUG', { problem: 'only the last layer may end the graph' });
      x = this.#layer(x, layer, i);
    }
    if (x !== null) {
      x = this.#sketch.norm(x, weights.outputNorm, weights.hyperparameters.epsilon);
      device.ggml.markOutput(x);
      this.#sketch.run(x);
    }
    const { bytes } = this.#inputs;
    return { shape: this.#shape, layout: this.#layout, sketch: this.#sketch, inputs: bytes, output: x };
  }

  /** What the next layer reads; null where the graph ends here. */
  #layer(x: Pointer, layer: LayerWeights, index: number): Pointer | null {
    const { epsilon } = this.#parts.weights.hyperparameters;
    const isLast = index === this.#parts.weights.layers.length - 1;
    const sketch = this.#sketch;
    const target = this.#fillPrefixes(index);
    const h = sketch.norm(x, layer.attentionNorm, epsilon);
    if (isLast && this.#shape.outputRows === 0) {
      this.#keep(this.#project(layer, h), { layer, target, index });
      return null;
    }
    const lastRows = isLast ? this.#inputs.get(this.#layout.lastRows) : null;
    const residual = lastRows === null ? x : sketch.getRows(x, lastRows);
    const lastH = lastRows === null ? null : sketch.getRows(h, lastRows);
    const projected = this.#project(layer, h);
    const q = this.#queriesOf(layer, projected, lastH);
    const kept = this.#keep(projected, { layer, target, index });
    const inSlots = this.#queries !== null && !isLast;
    const seen = this.#attention.attend({ q, inSlots, ...kept, ofLastRows: isLast });
    const attended = sketch.product(layer.output, seen);
    const y = sketch.add(attended, residual);
    const gated = sketch.swiglu(this.#productsOf(layer.gateUp, sketch.norm(y, layer.ffnNorm, epsilon)));
    return sketch.run(sketch.add(sketch.product(layer.down, gated), y));
  }

  #productsOf(weights: Joined, x: Pointer): Pointer[] {
    return ('joined' in weights ? [weights.joined] : weights.apart).map((one) =>
      this.#sketch.product(one, x),
    );
  }

  /** q, k, v, or k, v in the last layer, where q is made of fewer rows. */
  #project({ projections, q }: LayerWeights, h: Pointer): { q: Rows | null; k: Rows; v: Rows } {
    const { heads, kvHeads, headDim } = this.#parts.weights.hyperparameters;
    const widths = [...(q === null ? [heads] : []), kvHeads, kvHeads].map((n) => n * headDim * F32_BYTES);
    const products = this.#productsOf(projections, h);
    const [whole] = products;
    let rows: Rows[];
    if ('joined' in projections && whole !== undefined) {
      this.#sketch.run(whole);
      const rowBytes = widths.reduce((sum, width) => sum + width, 0);
      rows = widths.map((_, i) => ({
        tensor: whole,
        rowBytes,
        offset: widths.slice(0, i).reduce((sum, width) => sum + width, 0),
      }));
    } else {
      rows = products.map((tensor, i) => ({ tensor, rowBytes: widths[i] ?? 0, offset: 0 }));
    }
    const [v, k, first] = rows.reverse();
    if (v === undefined || k === undefined) throw new Fault('BUG', { problem: 'no keys and values' });
    return { q: first ?? null, k, v };
  }

  /** Normed and rotated q, contiguous; in slots where some block is uneven. */
  #queriesOf(layer: LayerWeights, { q }: { q: Rows | null }, lastH: Pointer | null): Pointer {
    const { heads, headDim } = this.#parts.weights.hyperparameters;
    const rowBytes = heads * headDim * F32_BYTES;
    if (lastH !== null && layer.q !== null) {
      const rows = { tensor: this.#sketch.product(layer.q, lastH), rowBytes, offset: 0 };
      const count = this.#shape.outputRows;
      return this.#sketch.run(this.#rotate({ rows, heads, count }, layer.qNorm, this.#layout.lastPositions));
    }
    if (q === null) throw new Fault('BUG', { problem: 'no queries' });
    const count = this.#totals.tokens;
    const rotated = this.#rotate({ rows: q, heads, count }, layer.qNorm, this.#layout.positions);
    if (this.#queries === null || this.#layout.queryRows === null) return this.#sketch.run(rotated);
    const flat = this.#sketch.view(rotated, {
      shape: [heads * headDim, count],
      strides: [rowBytes],
      offset: 0,
    });
    return this.#sketch.run(
      this.#sketch.setRows(this.#queries, flat, this.#inputs.get(this.#layout.queryRows)),
    );
  }

  #rotate(
    { rows, heads, count }: { rows: Rows; heads: number; count: number },
    norm: Pointer,
    at: InputPlan,
  ): Pointer {
    const shape = this.#parts.weights.hyperparameters;
    const perHead = this.#sketch.view(rows.tensor, {
      shape: [shape.headDim, heads, count],
      strides: [shape.headDim * F32_BYTES, rows.rowBytes],
      offset: rows.offset,
    });
    return this.#sketch.rope(this.#sketch.norm(perHead, norm, shape.epsilon), this.#inputs.get(at), shape);
  }

  /** The memory that a layer's keys and values go to, with the prefixes already in their slots. */
  #fillPrefixes(index: number): KeysValues {
    const target = this.#slots ?? this.#chunks[index];
    if (target === undefined) throw new Fault('BUG', { problem: 'no memory for keys and values' });
    const { prefixFrom, prefixTo } = this.#layout;
    const store = this.#store[index];
    if (prefixFrom === null || prefixTo === null || store === undefined) return target;
    const [from, to] = [this.#inputs.get(prefixFrom), this.#inputs.get(prefixTo)];
    const copy = (into: Pointer, out: Pointer) =>
      this.#sketch.run(this.#sketch.setRows(into, this.#sketch.getRows(out, from), to));
    return { ...target, k: copy(target.k, store.k), v: copy(target.v, store.v) };
  }

  /** Writes k, normed and rotated, and v to their rows; also to the store, if this is a prefix. */
  #keep(
    { k, v }: { k: Rows; v: Rows },
    { layer, target, index }: { layer: LayerWeights; target: KeysValues; index: number },
  ): KeysValues {
    const { kvHeads, headDim } = this.#parts.weights.hyperparameters;
    const count = this.#totals.tokens;
    const sketch = this.#sketch;
    const flat = ({ tensor, rowBytes, offset }: Rows) =>
      sketch.view(tensor, { shape: [kvHeads * headDim, count], strides: [rowBytes], offset });
    const write = (into: Pointer, rows: Rows, to: InputPlan) =>
      sketch.run(sketch.setRows(into, flat(rows), this.#inputs.get(to)));
    const rotated = this.#rotate({ rows: k, heads: kvHeads, count }, layer.kNorm, this.#layout.positions);
    const keys = { tensor: rotated, rowBytes: kvHeads * headDim * F32_BYTES, offset: 0 };
    const { kvRows, storeRows } = this.#layout;
    const kept = { ...target, k: write(target.k, keys, kvRows), v: write(target.v, v, kvRows) };
    const store = this.#store[index];
    if (storeRows !== null && store !== undefined) {
      write(store.k, keys, storeRows);
      write(store.v, v, storeRows);
    }
    return kept;
  }
}
