// At most so many requests at once; those of the files that are wanted first go first.

interface Waiting {
  rank: number;
  start: () => void;
}

export class Slots {
  #free: number;
  #waiting: Waiting[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(rank: number, action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else
      await new Promise<void>((start) => {
        this.#waiting.push({ rank, start });
        this.#waiting.sort((a, b) => a.rank - b.rank);
      });
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next.start();
    }
  }
}
