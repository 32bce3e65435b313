// Owns what becomes of token ids that are more than may be decoded at once: cut, or cut into chunks. Pure.
// The end token is last before and after, in every chunk too: it is where the vector is read.

/** Exactly `limit` ids, the end token last: the first ones (the right side goes) or the last ones. */
export function cutTokens(tokens: Int32Array, limit: number, side: 'left' | 'right'): Int32Array {
  if (side === 'left') return tokens.subarray(tokens.length - limit);
  const kept = tokens.slice(0, limit);
  kept[limit - 1] = tokens.at(-1) ?? 0;
  return kept;
}

export interface ChunkShape {
  /** Of a chunk, the end token included. */
  tokens: number;
  overlap: number;
}

const stepOf = ({ tokens, overlap }: ChunkShape): number => Math.max(1, tokens - 1 - overlap);

/** How many chunks `chunkTokens` gives of so many ids, the end token included. */
export function countChunks(length: number, shape: ChunkShape): number {
  return 1 + Math.max(0, Math.ceil((length - shape.tokens) / stepOf(shape)));
}

/**
 * With T the ids without the end token, chunk k is T[k * step, k * step + most - 1) and the end token, where
 * step = most - 1 - overlap; the last chunk is the first one that reaches the end of T.
 */
export function* chunkTokens(
  tokens: Int32Array,
  { tokens: most, overlap }: ChunkShape,
): Generator<Int32Array, void> {
  const text = tokens.subarray(0, -1);
  const size = most - 1;
  const step = stepOf({ tokens: most, overlap });
  for (let start = 0; ; start += step) {
    const part = text.subarray(start, start + size);
    const chunk = new Int32Array(part.length + 1);
    chunk.set(part);
    chunk[part.length] = tokens.at(-1) ?? 0;
    yield chunk;
    if (start + size >= text.length) return;
  }
}
