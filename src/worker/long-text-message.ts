// What becomes of long texts, as part of an embed request. Pure, and as distrustful as protocol.ts.
//
//   0         4            8             12
//   +---------+------------+-------------+   way: 0 = refuse, 1 = cut the right side, 2 = cut the left side, 3 = mean
//   | way u32 | tokens u32 | overlap u32 |   tokens 0: the model's context
//   +---------+------------+-------------+
import type { LongText } from '../embedder.ts';
import { malformed } from './distrust.ts';

export const LONG_TEXT_BYTES = 12;

const WAYS = { refuse: 0, cutRight: 1, cutLeft: 2, mean: 3 };

export function writeLongText(bytes: Buffer, at: number, longText: LongText | null): void {
  bytes.writeUInt32LE(wayOf(longText), at);
  bytes.writeUInt32LE(longText?.tokens ?? 0, at + 4);
  bytes.writeUInt32LE(longText?.way === 'mean' ? longText.overlap : 0, at + 8);
}

function wayOf(longText: LongText | null): number {
  if (longText === null) return WAYS.refuse;
  if (longText.way === 'mean') return WAYS.mean;
  return longText.side === 'left' ? WAYS.cutLeft : WAYS.cutRight;
}

export function readLongText(bytes: Buffer, at: number): LongText | null {
  const way = bytes.readUInt32LE(at);
  const tokens = bytes.readUInt32LE(at + 4) || null;
  const overlap = bytes.readUInt32LE(at + 8);
  if (tokens !== null && (tokens < 2 || 2 * overlap > tokens))
    throw malformed(`chunks of ${String(tokens)} tokens with ${String(overlap)} of the one before`);
  if (way === WAYS.mean) return { way: 'mean', tokens, overlap };
  if (overlap !== 0) throw malformed('an overlap without chunks');
  if (way === WAYS.cutRight || way === WAYS.cutLeft)
    return { way: 'cut', tokens, side: way === WAYS.cutLeft ? 'left' : 'right' };
  if (way !== WAYS.refuse || tokens !== null)
    throw malformed(`way ${String(way)} with long texts is unknown`);
  return null;
}
