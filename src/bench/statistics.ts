// Exact figures from stored values: no histogram stands between a latency and its percentile. Pure.

/** The smallest value that at least `share` of the values do not exceed; NaN for none. `sorted` ascends. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Null where there is nothing to sum up, or a value is missing. */
export function summarise(values: readonly (number | null)[]): Spread | null {
  const sorted = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  sorted.sort((a, b) => a - b);
  if (sorted.length === 0 || sorted.length < values.length) return null;
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
  return { median, min: sorted[0] ?? NaN, max: sorted[sorted.length - 1] ?? NaN };
}

const FIRST_CAPACITY = 1024;

/** Numbers that grow in number without an object for each. */
export class Samples {
  #values = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(2 * this.#values.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = value;
  }

  /** A copy, ascending. */
  sorted(): Float64Array {
    return this.#values.slice(0, this.#count).sort();
  }
}
