// Owns what a graph reads besides weights: token ids, positions, row numbers and masks, laid out one after another in
// one piece of memory, so that a batch needs one upload. Pure: shapes and tokens in, bytes out; knows no tensors.
import type { TensorType } from '../../convert/gguf.ts';
import { padTo } from '../../convert/gguf.ts';
import { isEven, isExact, sumBlocks, type BlockShape, type ForwardShape } from './blocks.ts';

export interface InputPlan {
  type: TensorType;
  shape: readonly number[];
  offset: number;
}

export interface BlockInputs {
  /** Causal mask of a slot; one plane, or one per text. */
  mask: InputPlan;
  /** What each text's last token may look at; null = all of its slot. */
  lastMask: InputPlan | null;
  /** Row in the slots -> row of a text, for what attention gives back; null where both are the same. */
  unpad: InputPlan | null;
}

export interface InputLayout {
  sizeBytes: number;
  /** Token ids, or their vectors where the table is on the host. */
  tokens: InputPlan;
  positions: InputPlan;
  /** Row of each text's last token, and its position. */
  lastRows: InputPlan;
  lastPositions: InputPlan;
  /** Where the keys and values of each token go. */
  kvRows: InputPlan;
  /** Where the queries of each token go; null where they lie right. */
  queryRows: InputPlan | null;
  /** From which rows of the store to which rows of the slots prefixes are copied. */
  prefixFrom: InputPlan | null;
  prefixTo: InputPlan | null;
  /** Where a prefix is stored. */
  storeRows: InputPlan | null;
  blocks: BlockInputs[];
}

const ALIGNMENT = 256;
/** CUDA's flash attention reads masks in tiles of up to this many rows, the last one past its end. */
const TILE_ROWS = 64;
/** It also looks for whole steps of this many keys that are masked, in the plane of the text's number. */
const MASK_STEP = 256;

const ELEMENT_BYTES: Partial<Record<TensorType, number>> = { I32: 4, I64: 8, F16: 2, F32: 4 };

/** `vectorLength` is that of token vectors which the host looks up; null = ids are sent. */
export function planInputs(shape: ForwardShape, vectorLength: number | null): InputLayout {
  const { texts, tokens, prefixRows } = sumBlocks(shape);
  let sizeBytes = 0;
  const place = (type: TensorType, ...dimensions: number[]): InputPlan => {
    const offset = sizeBytes;
    const elements = dimensions.reduce((product, length) => product * length, 1);
    sizeBytes = padTo(offset + elements * (ELEMENT_BYTES[type] ?? 0), ALIGNMENT);
    return { type, shape: dimensions, offset };
  };
  const layout: InputLayout = {
    sizeBytes,
    tokens: vectorLength === null ? place('I32', tokens) : place('F32', vectorLength, tokens),
    positions: place('I32', tokens),
    lastRows: place('I32', texts),
    lastPositions: place('I32', texts),
    kvRows: place('I64', tokens),
    queryRows: shape.blocks.every(isEven) ? null : place('I64', tokens),
    prefixFrom: prefixRows === 0 ? null : place('I32', prefixRows),
    prefixTo: prefixRows === 0 ? null : place('I64', prefixRows),
    storeRows: shape.keeps === 'prefix' ? place('I64', tokens) : null,
    blocks: shape.blocks.map((block) => ({
      mask: place('F16', block.kvLength, block.length, 1, maskPlanes(block)),
      lastMask: isExact(block) ? null : place('F16', block.kvLength, 1, 1, block.texts),
      unpad: isEven(block) ? null : place('I32', block.tokens),
    })),
  };
  const longest = Math.max(...shape.blocks.map(({ kvLength }) => kvLength));
  return { ...layout, sizeBytes: padTo(sizeBytes + TILE_ROWS * longest * 2, ALIGNMENT) };
}

const maskPlanes = ({ texts, kvLength }: BlockShape): number =>
  texts > 1 && kvLength % MASK_STEP === 0 ? texts : 1;

export interface InputTexts {
  shape: ForwardShape;
  /** In the order of the blocks: the tokens to decode of each text, and the store's rows of its prefix. */
  texts: readonly { tokens: Int32Array; prefixRows: Int32Array | null }[];
  /** For `prefix`: the store's rows to fill. */
  storeRows: Int32Array | null;
  /** Writes token vectors; null = ids are sent. */
  lookUp: ((tokens: Int32Array, target: Float32Array, at: number) => void) | null;
}

/** Writes all inputs to `bytes`, which has at least the layout's size and starts at a multiple of 8. */
export function fillInputs(
  layout: InputLayout,
  { shape, texts, storeRows, lookUp }: InputTexts,
  bytes: Uint8Array,
): void {
  const writer = new Writer(bytes);
  let [row, text, queryBase, kvBase, prefixAt] = [0, 0, 0, 0, 0];
  for (const [b, block] of shape.blocks.entries()) {
    const ownKv = shape.keeps === 'chunks' ? 0 : kvBase;
    for (let slot = 0; slot < block.texts; slot++, text++) {
      const { tokens, prefixRows } = texts[text] ?? { tokens: new Int32Array(0), prefixRows: null };
      const kvAt = ownKv + slot * block.kvLength;
      const count = block.texts === 1 ? block.tokens : tokens.length;
      const [end, last] = [row + count, row + tokens.length - 1];
      if (lookUp === null)
        writer
          .ints(layout.tokens)
          .fill(0, last + 1, end)
          .set(tokens, row);
      else {
        const [width = 0] = layout.tokens.shape;
        lookUp(tokens, writer.floats(layout.tokens).fill(0, (last + 1) * width, end * width), row);
      }
      writer.count(layout.positions, row, { from: block.before, count });
      writer.countLong(layout.kvRows, row, { from: kvAt + block.before, count });
      if (layout.queryRows !== null)
        writer.countLong(layout.queryRows, row, { from: queryBase + slot * block.length, count });
      if (prefixRows !== null && layout.prefixFrom !== null && layout.prefixTo !== null) {
        writer.ints(layout.prefixFrom).set(prefixRows, prefixAt);
        writer.countLong(layout.prefixTo, prefixAt, { from: kvAt, count: prefixRows.length });
        prefixAt += prefixRows.length;
      }
      row = end;
      writer.ints(layout.lastRows)[text] = last;
      writer.ints(layout.lastPositions)[text] = block.before + tokens.length - 1;
    }
    const inputs = layout.blocks[b];
    if (inputs !== undefined)
      fillBlock(writer, inputs, {
        block,
        lengths: texts.slice(text - block.texts, text).map(({ tokens }) => tokens.length),
      });
    queryBase += block.texts * block.length;
    kvBase += block.texts * block.kvLength;
  }
  if (layout.storeRows !== null && storeRows !== null)
    for (const [i, stored] of storeRows.entries())
      writer.countLong(layout.storeRows, i, { from: stored, count: 1 });
}

const MASKED = 0xfc00; // minus infinity in half precision

function fillBlock(
  writer: Writer,
  { mask, lastMask, unpad }: BlockInputs,
  { block, lengths }: { block: BlockShape; lengths: readonly number[] },
): void {
  const { before, kvLength, length } = block;
  const plane = writer.halves(mask);
  plane.fill(0);
  const planes = plane.length / (kvLength * length);
  for (let p = 0; p < planes; p++)
    for (let q = 0; q < length; q++) {
      const start = (p * length + q) * kvLength;
      plane.fill(MASKED, start + before + q + 1, start + kvLength);
    }
  if (lastMask !== null) {
    const rows = writer.halves(lastMask).fill(0);
    for (const [slot, own] of lengths.entries())
      rows.fill(MASKED, slot * kvLength + before + own, (slot + 1) * kvLength);
  }
  if (unpad !== null) {
    let at = 0;
    for (const [slot, own] of lengths.entries()) {
      writer.count(unpad, at, { from: slot * length, count: own });
      at += own;
    }
  }
}

interface Run {
  from: number;
  count: number;
}

class Writer {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  ints(plan: InputPlan): Int32Array {
    return new Int32Array(...this.#place(plan));
  }

  halves(plan: InputPlan): Uint16Array {
    return new Uint16Array(...this.#place(plan));
  }

  floats(plan: InputPlan): Float32Array {
    return new Float32Array(...this.#place(plan));
  }

  /** Consecutive numbers. */
  count(plan: InputPlan, at: number, { from, count }: Run): void {
    const target = this.ints(plan);
    for (let i = 0; i < count; i++) target[at + i] = from + i;
  }

  /** The same as 64-bit numbers, whose upper halves are zero: BigInts would cost more than the rest of the input. */
  countLong(plan: InputPlan, at: number, { from, count }: Run): void {
    const [buffer, offset, length] = this.#place(plan);
    const target = new Int32Array(buffer, offset, length * 2);
    for (let i = 0; i < count; i++) {
      target[2 * (at + i)] = from + i;
      target[2 * (at + i) + 1] = 0;
    }
  }

  #place({ shape, offset }: InputPlan): [ArrayBufferLike, number, number] {
    const elements = shape.reduce((product, length) => product * length, 1);
    return [this.#bytes.buffer, this.#bytes.byteOffset + offset, elements];
  }
}
