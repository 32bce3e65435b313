// Owns where lies what a graph reads besides weights: token ids, positions, row numbers and masks, one after another in
// one piece of memory, so that a batch needs one upload. Pure: shapes in, places out; fill-inputs.ts writes them.
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
  /**
   * For each row of the slots the row that what attention gives goes to, those behind a text's own to one after all
   * texts'; null where the rows lie right. The same for each text's last token.
   */
  to: InputPlan | null;
  lastTo: InputPlan | null;
}

export interface InputLayout {
  sizeBytes: number;
  /** Token ids, or their vectors where the table is on the host. */
  tokens: InputPlan;
  positions: InputPlan;
  /** Row of each text's last token, and its position; of the first text for output rows without a text. */
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
  const { blocks, outputRows } = shape;
  const isJoined = blocks.length > 1 || !blocks.every(isEven);
  const isLastJoined = blocks.length > 1 || outputRows > texts;
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
    lastRows: place('I32', Math.max(texts, outputRows)),
    lastPositions: place('I32', Math.max(texts, outputRows)),
    kvRows: place('I64', tokens),
    queryRows: blocks.every(isEven) ? null : place('I64', tokens),
    prefixFrom: prefixRows === 0 ? null : place('I32', prefixRows),
    prefixTo: prefixRows === 0 ? null : place('I64', prefixRows),
    storeRows: shape.keeps === 'prefix' ? place('I64', tokens) : null,
    blocks: blocks.map((block) => ({
      mask: place('F16', block.kvLength, block.length, 1, maskPlanes(block)),
      lastMask: isExact(block) ? null : place('F16', block.kvLength, 1, 1, block.texts),
      to: isJoined ? place('I64', block.texts * block.length) : null,
      lastTo: isLastJoined ? place('I64', block.texts) : null,
    })),
  };
  const longest = Math.max(...blocks.map(({ kvLength }) => kvLength));
  return { ...layout, sizeBytes: padTo(sizeBytes + TILE_ROWS * longest * 2, ALIGNMENT) };
}

const maskPlanes = ({ texts, kvLength }: BlockShape): number =>
  texts > 1 && kvLength % MASK_STEP === 0 ? texts : 1;
