// Owns what is written to a graph's inputs: where each token, key and value goes, and what each may look at. Pure: tokens
// in, bytes out; inputs.ts says where they lie.
import { isEven, sumBlocks, type BlockShape, type ForwardShape } from './blocks.ts';
import type { BlockInputs, InputLayout, InputPlan } from './inputs.ts';

export interface InputTexts {
  shape: ForwardShape;
  /** In the order of the blocks: the tokens to decode of each text, and the store's rows of its prefix. */
  texts: readonly { tokens: Int32Array; prefixRows: Int32Array | null }[];
  /** For `prefix`: the store's rows to fill. */
  storeRows: Int32Array | null;
  /** Writes token vectors; null = ids are sent. */
  lookUp: ((tokens: Int32Array, target: Float32Array, at: number) => void) | null;
}

/** How far the inputs are written: the next row of texts, text, row of query slots, of key slots, and of prefixes. */
interface Cursor {
  row: number;
  text: number;
  query: number;
  kv: number;
  prefix: number;
}

/** Writes all inputs to `bytes`, which has at least the layout's size and starts at a multiple of 8. */
export function fillInputs(layout: InputLayout, given: InputTexts, bytes: Uint8Array): void {
  const { shape, texts, storeRows } = given;
  const writer = new Writer(bytes);
  writer.ints(layout.lastRows).fill(0);
  writer.ints(layout.lastPositions).fill(0);
  const { tokens: behind } = sumBlocks(shape);
  const at: Cursor = { row: 0, text: 0, query: 0, kv: 0, prefix: 0 };
  for (const [b, block] of shape.blocks.entries()) {
    const inputs = layout.blocks[b];
    if (inputs === undefined) continue;
    const own = texts.slice(at.text, at.text + block.texts);
    if (inputs.lastTo !== null) writer.countLong(inputs.lastTo, 0, { from: at.text, count: block.texts });
    if (inputs.to !== null) fillTo(writer, inputs.to, { block, own, at, behind });
    fillMasks(writer, inputs, { block, lengths: own.map(({ tokens }) => tokens.length) });
    for (const text of own) fillText(writer, layout, { given, block, text, at });
  }
  if (layout.storeRows !== null && storeRows !== null)
    for (const [i, stored] of storeRows.entries())
      writer.countLong(layout.storeRows, i, { from: stored, count: 1 });
}

type InputText = InputTexts['texts'][number];

/** Rows that a text has: where slots are full, those behind its own too. */
const rowsOf = (block: BlockShape, { tokens }: InputText): number =>
  isEven(block) ? block.length : tokens.length;

/** Writes what is told of one text, and moves on behind it. */
function fillText(
  writer: Writer,
  layout: InputLayout,
  { given, block, text, at }: { given: InputTexts; block: BlockShape; text: InputText; at: Cursor },
): void {
  const { tokens, prefixRows } = text;
  const count = rowsOf(block, text);
  const [end, last] = [at.row + count, at.row + tokens.length - 1];
  if (given.lookUp === null) {
    writer
      .ints(layout.tokens)
      .fill(0, last + 1, end)
      .set(tokens, at.row);
  } else {
    const [width = 0] = layout.tokens.shape;
    given.lookUp(tokens, writer.floats(layout.tokens).fill(0, (last + 1) * width, end * width), at.row);
  }
  writer.count(layout.positions, at.row, { from: block.before, count });
  const kv = given.shape.keeps === 'chunks' ? 0 : at.kv;
  writer.countLong(layout.kvRows, at.row, { from: kv + block.before, count });
  if (layout.queryRows !== null) writer.countLong(layout.queryRows, at.row, { from: at.query, count });
  if (prefixRows !== null && layout.prefixFrom !== null && layout.prefixTo !== null) {
    writer.ints(layout.prefixFrom).set(prefixRows, at.prefix);
    writer.countLong(layout.prefixTo, at.prefix, { from: kv, count: prefixRows.length });
    at.prefix += prefixRows.length;
  }
  writer.ints(layout.lastRows)[at.text] = last;
  writer.ints(layout.lastPositions)[at.text] = block.before + tokens.length - 1;
  at.row = end;
  at.text++;
  at.query += block.length;
  at.kv += block.kvLength;
}

/** Where rows of a block's slots go: to those of its texts, one after another, the rest behind those of all texts. */
function fillTo(
  writer: Writer,
  to: InputPlan,
  { block, own, at, behind }: { block: BlockShape; own: readonly InputText[]; at: Cursor; behind: number },
): void {
  let { row } = at;
  for (const [slot, text] of own.entries()) {
    const [first, count] = [slot * block.length, rowsOf(block, text)];
    writer.countLong(to, first, { from: row, count });
    for (let i = count; i < block.length; i++) writer.countLong(to, first + i, { from: behind, count: 1 });
    row += count;
  }
}

const MASKED = 0xfc00; // minus infinity in half precision

function fillMasks(
  writer: Writer,
  { mask, lastMask }: BlockInputs,
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
