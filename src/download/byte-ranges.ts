// Which bytes of a file are there: sorted ranges that neither touch nor overlap. Pure.

export interface ByteRange {
  start: number;
  /** The first byte after it. */
  end: number;
}

/** `ranges` and one more. */
export function withRange(ranges: readonly ByteRange[], added: ByteRange): ByteRange[] {
  const before = ranges.filter(({ end }) => end < added.start);
  const after = ranges.filter(({ start }) => start > added.end);
  const joined = ranges.slice(before.length, ranges.length - after.length);
  const start = Math.min(added.start, ...joined.map((range) => range.start));
  const end = Math.max(added.end, ...joined.map((range) => range.end));
  return end > start ? [...before, { start, end }, ...after] : [...ranges];
}

/** What of [0, sizeBytes) is not in `ranges`, in pieces of at most `partBytes`. */
export function missingParts(
  ranges: readonly ByteRange[],
  sizeBytes: number,
  partBytes: number,
): ByteRange[] {
  const parts: ByteRange[] = [];
  let at = 0;
  for (const { start, end } of [...ranges, { start: sizeBytes, end: sizeBytes }]) {
    for (; at < start; at = Math.min(at + partBytes, start))
      parts.push({ start: at, end: Math.min(at + partBytes, start) });
    at = end;
  }
  return parts;
}

export function countBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Bytes from the very first on without a gap. */
export function leadingBytes(ranges: readonly ByteRange[]): number {
  const first = ranges[0];
  return first?.start === 0 ? first.end : 0;
}
