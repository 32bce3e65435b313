// Owns attention over blocks of slots within a graph: which rows of queries, keys and values belong to which text, and
// how what it gives goes back to rows that lie one after another. Knows no weights.
import { Fault } from '../../faults.ts';
import type { Pointer } from '../llama-abi.ts';
import type { BlockShape, ForwardShape } from './blocks.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import type { BlockInputs, InputLayout } from './inputs.ts';
import type { KeysValues } from './memory.ts';
import type { PlacedInputs } from './placed-inputs.ts';
import type { Sketch } from './sketch.ts';

const BYTES = { F32: 4, F16: 2 } as const;

export interface AttentionParts {
  sketch: Sketch;
  shape: ForwardShape;
  /** Rows of all texts. */
  tokens: number;
  layout: InputLayout;
  inputs: PlacedInputs;
  hyperparameters: Hyperparameters;
  /** Where rows go that attention does not give as they are wanted; null where all blocks' are. */
  joined: Pointer | null;
}

export interface QueriesKeysValues extends KeysValues {
  q: Pointer;
  /** The queries lie in slots, not one after another. */
  inSlots: boolean;
  /** The queries are those of each text's last token only. */
  ofLastRows: boolean;
}

/** One block and the first of its rows in the memory of queries, and of keys and values. */
interface Place {
  block: BlockShape;
  inputs: BlockInputs;
  firstQuery: number;
  firstKv: number;
}

export class Attention {
  readonly #parts: AttentionParts;

  constructor(parts: AttentionParts) {
    this.#parts = parts;
  }

  /** One row for each row of texts, or the rows of the output, in the order of the blocks. */
  attend(qkv: QueriesKeysValues): Pointer {
    const { shape, layout, sketch, hyperparameters } = this.#parts;
    const { ofLastRows, inSlots } = qkv;
    let { joined } = this.#parts;
    let [firstQuery, firstKv] = [0, 0];
    for (const [i, block] of shape.blocks.entries()) {
      const inputs = layout.blocks[i];
      if (inputs === undefined) throw new Fault('BUG', { problem: 'a block without inputs' });
      const rows = this.#attendBlock(qkv, { block, inputs, firstQuery, firstKv });
      const to = ofLastRows ? inputs.lastTo : inputs.to;
      if (to === null) return rows;
      if (joined === null) throw new Fault('BUG', { problem: 'no memory for what attention gives' });
      joined = sketch.setRows(joined, rows, this.#parts.inputs.get(to));
      firstQuery += ofLastRows ? block.texts : inSlots ? block.texts * block.length : block.tokens;
      firstKv += block.texts * block.kvLength;
    }
    if (joined === null) throw new Fault('BUG', { problem: 'attention over no blocks' });
    const width = hyperparameters.heads * hyperparameters.headDim;
    const count = ofLastRows ? shape.outputRows : this.#parts.tokens;
    return sketch.view(joined, { shape: [width, count], strides: [width * BYTES.F32], offset: 0 });
  }

  #attendBlock({ q, k, v, type, ofLastRows }: QueriesKeysValues, place: Place): Pointer {
    const { sketch, inputs: placed, hyperparameters } = this.#parts;
    const { heads, kvHeads, headDim } = hyperparameters;
    const { block, inputs, firstQuery, firstKv } = place;
    const slots = (tensor: Pointer, of: { heads: number; rows: number; first: number; bytes: number }) => {
      const [head, row] = [headDim * of.bytes, of.heads * headDim * of.bytes];
      const shape = [headDim, of.rows, of.heads, block.texts];
      return sketch.view(tensor, { shape, strides: [row, head, row * of.rows], offset: row * of.first });
    };
    const rows = ofLastRows ? 1 : block.length;
    const keys = { heads: kvHeads, rows: block.kvLength, first: firstKv, bytes: BYTES[type] };
    const views = {
      q: slots(q, { heads, rows, first: firstQuery, bytes: BYTES.F32 }),
      k: slots(k, keys),
      v: slots(v, keys),
    };
    const mask = ofLastRows ? inputs.lastMask : inputs.mask;
    const attended = sketch.attention(views, mask === null ? null : placed.get(mask), 1 / Math.sqrt(headDim));
    return sketch.reshape(attended, heads * headDim, rows * block.texts);
  }
}
