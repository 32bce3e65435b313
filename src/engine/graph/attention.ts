// Owns attention over blocks of slots within a graph: which rows of queries, keys and values belong to which text, and
// how what it gives goes back to rows that lie one after another. Knows no weights.
import { Fault } from '../../faults.ts';
import type { Pointer } from '../llama-abi.ts';
import { isEven, type BlockShape, type ForwardShape } from './blocks.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import type { BlockInputs, InputLayout } from './inputs.ts';
import type { KeysValues } from './memory.ts';
import type { PlacedInputs } from './placed-inputs.ts';
import type { Sketch } from './sketch.ts';

const BYTES = { F32: 4, F16: 2 } as const;

export interface AttentionParts {
  sketch: Sketch;
  shape: ForwardShape;
  layout: InputLayout;
  inputs: PlacedInputs;
  hyperparameters: Hyperparameters;
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

  /** One row for each row of texts, or for each text's last, in the order of the blocks. */
  attend(qkv: QueriesKeysValues): Pointer {
    const { shape, layout, sketch } = this.#parts;
    const { ofLastRows, inSlots } = qkv;
    let [firstQuery, firstKv] = [0, 0];
    const attended = shape.blocks.map((block, i) => {
      const inputs = layout.blocks[i];
      if (inputs === undefined) throw new Fault('BUG', { problem: 'a block without inputs' });
      const rows = this.#attendBlock(qkv, { block, inputs, firstQuery, firstKv });
      firstQuery += ofLastRows ? block.texts : inSlots ? block.texts * block.length : block.tokens;
      firstKv += block.texts * block.kvLength;
      return rows;
    });
    return sketch.joinRows(attended);
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
    const flat = sketch.reshape(attended, heads * headDim, rows * block.texts);
    if (ofLastRows || isEven(block) || inputs.unpad === null) return flat;
    return sketch.getRows(flat, placed.get(inputs.unpad));
  }
}
