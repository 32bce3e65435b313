// Owns which rows of a lane's store hold which prefix. Pure; knows no tensors. Rows of a prefix need not lie together:
// they are copied into slots by their numbers.
import { Fault } from '../../faults.ts';
import type { Prefix } from '../prefixes.ts';

export class PrefixRows {
  readonly capacity: number;
  readonly #rows = new Map<Prefix, Int32Array>();
  readonly #free: number[];

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#free = Array.from({ length: capacity }, (_, row) => row);
  }

  has(prefix: Prefix): boolean {
    return this.#rows.has(prefix);
  }

  rowsOf(prefix: Prefix): Int32Array | null {
    return this.#rows.get(prefix) ?? null;
  }

  /** Rows for a prefix that has none. */
  take(prefix: Prefix): Int32Array {
    const { length } = prefix.tokens;
    if (length > this.#free.length)
      throw new Fault('BUG', { problem: 'more live prefixes than rows for them' });
    const rows = Int32Array.from(this.#free.splice(0, length));
    this.#rows.set(prefix, rows);
    return rows;
  }

  drop(prefix: Prefix): void {
    this.#free.push(...(this.#rows.get(prefix) ?? []));
    this.#rows.delete(prefix);
  }

  /** Frees the rows of prefixes that nobody may rely on any more. */
  dropDead(): void {
    for (const prefix of this.#rows.keys()) if (!prefix.live) this.drop(prefix);
  }
}
