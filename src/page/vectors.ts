// What follows from vectors alone: cuts, similarities, rankings, what one ranking changes in another. Pure, no DOM.

export type Vector = Float32Array;

/** Rows against columns. */
export type Matrix = readonly (readonly number[])[];

/** The first `dimensions` components, brought to length 1 again, as the server does it. */
export function cut(vector: Vector, dimensions: number): Vector {
  const part = vector.slice(0, dimensions);
  const length = Math.sqrt(dot(part, part));
  return length === 0 ? part : part.map((value) => value / length);
}

// A plain loop: with iterators a slider would wait a second for 64 texts of 4,096 numbers.
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

/** Cosines of all rows with all columns, both cut. */
export function compare(rows: readonly Vector[], columns: readonly Vector[], dimensions: number): Matrix {
  const cutColumns = columns.map((vector) => cut(vector, dimensions));
  return rows.map((row) => {
    const cutRow = cut(row, dimensions);
    return cutColumns.map((column) => dot(cutRow, column));
  });
}

/** The other texts, the most similar first; equals stay in their order. */
export function rankOthers(similarities: readonly number[], self: number): number[] {
  const others = [...similarities.keys()].filter((index) => index !== self);
  return others.sort((a, b) => (similarities[b] ?? 0) - (similarities[a] ?? 0));
}

export interface Agreement {
  /** Share of all pairs of other texts that both put in the same order, over all rows; 1 = the same rankings. */
  order: number;
  /** Rows whose nearest other text is the same. */
  sameNearest: number;
}

export function agree(now: Matrix, before: Matrix): Agreement {
  let [pairs, kept, sameNearest] = [0, 0, 0];
  for (const [self, row] of now.entries()) {
    const rankedBefore = rankOthers(before[self] ?? [], self);
    if (rankOthers(row, self)[0] === rankedBefore[0]) sameNearest += 1;
    for (const [place, nearer] of rankedBefore.entries()) {
      for (const farther of rankedBefore.slice(place + 1)) {
        pairs += 1;
        if ((row[nearer] ?? 0) >= (row[farther] ?? 0)) kept += 1;
      }
    }
  }
  return { order: pairs === 0 ? 1 : kept / pairs, sameNearest };
}

/** Least and greatest similarity of different texts; of fewer than two texts 0 and 1. */
export function rangeOf(matrix: Matrix): { least: number; greatest: number } {
  const others = matrix.flatMap((row, self) => row.filter((_, index) => index !== self));
  return others.length === 0
    ? { least: 0, greatest: 1 }
    : { least: Math.min(...others), greatest: Math.max(...others) };
}

/** Halvings of a vector's length that are worth a look: 32, 64, 128 and so on, up to all of it. */
export function stepsUpTo(full: number): number[] {
  const steps = [];
  for (let step = 32; step < full; step *= 2) steps.push(step);
  return [...steps, full];
}
