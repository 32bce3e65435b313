// Requests that wait for a worker: the highest priority first, within one priority in the order of their coming.

interface Ranked {
  readonly priority: number;
}

export class WaitingLine<Item extends Ranked> {
  /** By priority; none of them is empty. */
  readonly #lines = new Map<number, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    const [first] = this.#lines.get(Math.max(...this.#lines.keys())) ?? [];
    return first;
  }

  /** The newest of the lowest priority. */
  get last(): Item | undefined {
    return [...(this.#lines.get(Math.min(...this.#lines.keys())) ?? [])].at(-1);
  }

  add(item: Item): void {
    const line = this.#lines.get(item.priority);
    if (line === undefined) this.#lines.set(item.priority, new Set([item]));
    else line.add(item);
    this.#size += 1;
  }

  /** Each before those of its priority that wait. */
  putBack(items: readonly Item[]): void {
    const waiting = this.takeAll();
    for (const item of [...items, ...waiting]) this.add(item);
  }

  delete(item: Item): void {
    const line = this.#lines.get(item.priority);
    if (line?.delete(item) !== true) return;
    this.#size -= 1;
    if (line.size === 0) this.#lines.delete(item.priority);
  }

  takeAll(): Item[] {
    const items = [...this.#lines.values()].flatMap((line) => [...line]);
    this.#lines.clear();
    this.#size = 0;
    return items;
  }
}
