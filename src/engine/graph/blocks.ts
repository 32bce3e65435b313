// Owns the decision how the texts of a batch lie side by side: blocks of texts with one prefix and similar lengths.
// Within a block each text has a slot of as many rows as the longest needs; products are made of the real rows alone,
// only attention sees slots. Pure; knows no tensors.
import type { Prefix } from '../prefixes.ts';

export interface BlockShape {
  texts: number;
  /** Rows of all texts together: real ones, or all of the slots where lengths are rounded. */
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
  /**
   * Rows that go beyond the keys and values of the last layer, at least one per text; what those behind the texts' give is
   * read by nobody. 0 = the graph ends there.
   */
  outputRows: number;
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

export interface BlockPlan {
  blocks: BlockShape[];
  /** For each row of texts, the index of the text. */
  order: number[];
}

export function planBlocks(texts: readonly PlacedText[]): BlockPlan {
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

/**
 * Rows that the texts of a small batch are rounded up to, and how many texts. So few rows in all take a GPU little longer
 * than fewer, as it reads all weights for them, and CUDA's products of fewer than 32 rows are no quicker. H200, p50 in ms
 * of 8, 16, 24, 32, 40, 64, 128 rows: 4B 4.9, 5.0, 4.2, 4.3, 4.6, 5.1, 5.6; 0.6B 1.9, 2.0, 1.9, 1.8, 2.0, 2.2, 2.5. Up to
 * 256 rows rather than 128 gave 16 clients 1.07 (4B) and 1.14 (0.6B) times as many texts, and made a worker grow by 8 %
 * over 200,000 texts instead of 4 %.
 */
const ROUND_LENGTHS = [16, 32, 48, 64, 96, 128] as const;
const ROUND_TEXTS = [1, 2, 4, 8] as const;
const [LEAST_ROWS, MOST_ROWS] = [32, 128] as const;
/** Rows of keys behind each text's slot. */
const ROUND_MARGIN = 8;

/**
 * For few short texts, one of few shapes, so that most of such batches find a graph; the rows behind a text's own, and
 * slots that no text fills, are computed and masked. null where they are more than that or differ in prefix, or would be
 * more than `limit`. Lengths drawn as those of queries are, H200, 0.6B: one text, p50 of a decode 1.9 ms, with a graph for
 * each length 3.2; eight clients with a text each, over HTTP, 5.5 ms and 8.2.
 */
export function planRounded(texts: readonly PlacedText[], limit: number): BlockPlan | null {
  const [first] = texts;
  if (first === undefined || texts.some(({ prefix }) => prefix !== first.prefix)) return null;
  const longest = Math.max(...texts.map(({ tokens }) => tokens.length));
  const count = ROUND_TEXTS.find((most) => most >= texts.length);
  if (count === undefined) return null;
  const length = ROUND_LENGTHS.find((rows) => rows >= longest && rows * count >= LEAST_ROWS);
  if (length === undefined || length * count > Math.min(limit, MOST_ROWS)) return null;
  const before = first.prefix?.tokens.length ?? 0;
  // More than the slot holds: a last row may lie before the slot's end, which `isExact` must not take for its end.
  const kvLength = before + length + ROUND_MARGIN;
  const block = { texts: count, tokens: count * length, length, before, kvLength };
  return { blocks: [block], order: [...texts.keys()] };
}

/** What recurs: a text that is computed alone and whole, or a plan of `planRounded`. */
export function recurs({ blocks: [block, ...more], keeps }: ForwardShape): boolean {
  if (block === undefined || more.length > 0 || keeps !== 'slots') return false;
  return block.texts === 1 || (isEven(block) && !isExact(block));
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
