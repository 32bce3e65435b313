// How well a ranking finds what belongs together: recall of vectors, recall of BM25. Pure; knows no model.

export interface Rows {
  vectors: Float32Array;
  dimensions: number;
}

/** Share of queries whose own document (same row) is among the first `places` by cosine over the first `size` numbers. */
export function recall(
  queries: Rows,
  documents: Rows,
  { places, size }: { places: number; size: number },
): number {
  const [q, d] = [cut(queries, size), cut(documents, size)];
  const count = q.length / size;
  let found = 0;
  for (let row = 0; row < count; row++) {
    const query = q.subarray(row * size, (row + 1) * size);
    const own = dot(query, d, row * size);
    let better = 0;
    for (let other = 0; other < count && better < places; other++)
      if (other !== row && dot(query, d, other * size) >= own) better++;
    if (better < places) found++;
  }
  return found / count;
}

/** The first `size` numbers of each row, normalised again. */
function cut({ vectors, dimensions }: Rows, size: number): Float32Array {
  const rows = new Float32Array((vectors.length / dimensions) * size);
  for (let row = 0; row * dimensions < vectors.length; row++) {
    const part = vectors.subarray(row * dimensions, row * dimensions + size);
    const length = Math.hypot(...part);
    rows.set(
      part.map((x) => x / length),
      row * size,
    );
  }
  return rows;
}

function dot(query: Float32Array, rows: Float32Array, start: number): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += (query[i] ?? 0) * (rows[start + i] ?? 0);
  return sum;
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Recall of Okapi BM25 (k1 1.2, b 0.75) on lower-case words: the ranking that needs no model. */
export function recallOfWords(pairs: readonly (readonly [string, string])[], places: number): number {
  const documents = pairs.map(([, document]) => wordsOf(document));
  const mean = documents.reduce((sum, { length }) => sum + length, 0) / documents.length;
  const postings = new Map<string, Map<number, number>>();
  documents.forEach((words, row) => {
    for (const word of words) {
      const rows = postings.get(word) ?? new Map<number, number>();
      postings.set(word, rows.set(row, (rows.get(row) ?? 0) + 1));
    }
  });
  const found = pairs.filter(([query], row) => {
    const scores = new Float64Array(documents.length);
    for (const word of new Set(wordsOf(query))) {
      const rows = postings.get(word);
      if (rows === undefined) continue;
      const rarity = Math.log(1 + (documents.length - rows.size + 0.5) / (rows.size + 0.5));
      for (const [at, count] of rows)
        scores[at] =
          (scores[at] ?? 0) +
          (rarity * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * (documents[at]?.length ?? 0)) / mean));
    }
    const own = scores[row] ?? 0;
    return (
      own > 0 && scores.reduce((better, score, at) => better + Number(at !== row && score >= own), 0) < places
    );
  });
  return found.length / pairs.length;
}
