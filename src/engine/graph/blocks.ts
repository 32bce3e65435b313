// Owns the decision how the texts of a batch lie side by side: blocks of texts with one prefix and similar lengths.
// Within a block each text has a slot of as many rows as the longest needs; products are made of the real rows alone,
// only attention sees slots. Pure; knows no tensors.
import type { Prefix } from '../prefixes.ts';

export interface BlockShape {
  texts: number;
  /** Real rows of all texts together. */
  tokens: number;
  /** Rows of queries in each slot. */
  length: number;
  /** Rows of keys and values that lie in front of them in each slot: a prefix, or earlier chunks. */
  before: number;
  /** Rows of keys and values in each slot. */
  kvLength: number;
}

/** What one graph computes: two graphs of equal shape differ in their inputs only. */
export interface ForwardShape {
  blocks: readonly BlockShape[];
  /**
   * Where keys and values go: `slots` of this graph alone; slots and the `prefix` store; or the rows kept for the
   * `chunks` of one long text.
   */
  keeps: 'slots' | 'prefix' | 'chunks';
  /** Without it the graph ends with the keys and values of the last layer. */
  hasOutput: boolean;
}

/** What the plan needs to know of a text. */
export interface PlacedText {
  /** Tokens to decode: without the prefix. */
  tokens: Int32Array;
  prefix: Prefix | null;
}

/** Texts shorter than half of the longest in a block get a block of their own, unless that is no longer than this. */
export const SHORT = 32;

/** All slots are full: rows lie as attention wants them. */
export const isEven = ({ texts, tokens, length }: BlockShape): boolean => tokens === texts * length;
/** And each ends with its text's last row: the last row of a text may look at its whole slot. */
export const isExact = (block: BlockShape): boolean =>
  isEven(block) && block.kvLength === block.before + block.length;

/** Blocks and, for each row of texts, the index of the text. */
export function planBlocks(texts: readonly PlacedText[]): { blocks: BlockShape[]; order: number[] } {
  const groups = new Map<Prefix | null, number[]>();
  for (const [index, { prefix }] of texts.entries())
    groups.set(prefix, [...(groups.get(prefix) ?? []), index]);
  const lengthOf = (index: number) => texts[index]?.tokens.length ?? 0;
  const blocks: BlockShape[] = [];
  const order: number[] = [];
  for (const [prefix, indexes] of groups) {
    const before = prefix?.tokens.length ?? 0;
    let block: BlockShape | null = null;
    for (const index of indexes.sort((a, b) => lengthOf(b) - lengthOf(a))) {
      const length = lengthOf(index);
      if (block === null || (block.length > SHORT && length * 2 < block.length)) {
        block = { texts: 0, tokens: 0, length, before, kvLength: before + length };
        blocks.push(block);
      }
      block.texts++;
      block.tokens += length;
      order.push(index);
    }
  }
  return { blocks, order };
}

export interface Totals {
  texts: number;
  tokens: number;
  /** Rows of all slots: of queries, of keys and values, and those of the latter that prefixes fill. */
  queryRows: number;
  kvRows: number;
  prefixRows: number;
}

export function sumBlocks({ blocks, keeps }: ForwardShape): Totals {
  const totals: Totals = { texts: 0, tokens: 0, queryRows: 0, kvRows: 0, prefixRows: 0 };
  for (const { texts, tokens, length, before, kvLength } of blocks) {
    totals.texts += texts;
    totals.tokens += tokens;
    totals.queryRows += texts * length;
    totals.kvRows += texts * kvLength;
    if (keeps !== 'chunks') totals.prefixRows += texts * before;
  }
  return totals;
}
