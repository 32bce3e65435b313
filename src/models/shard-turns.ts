// Owns the order in which weights come where each leaves the disk again: the next when all before it are gone.

export class ShardTurns {
  /** In order; the first is the one whose turn it is. */
  readonly #left: Set<string>;
  readonly #waiting = new Map<string, () => void>();

  constructor(paths: readonly string[]) {
    this.#left = new Set(paths);
  }

  /** Resolves at once for a path that has no turn. */
  turnOf(path: string): Promise<void> {
    if (!this.#left.has(path) || this.#isNext(path)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(path, resolve));
  }

  /** It is gone. */
  leave(path: string): void {
    this.#left.delete(path);
    for (const [next, go] of this.#waiting) if (this.#isNext(next)) go();
  }

  #isNext(path: string): boolean {
    const [first] = this.#left;
    return first === path;
  }
}
