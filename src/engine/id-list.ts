// Owns token ids that grow by parts, in one block of memory.

export class IdList {
  #ids = new Int32Array(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(id: number): void {
    this.#reserve(1);
    this.#ids[this.#length++] = id;
  }

  // Parts are words of a few ids mostly: a call of set() costs more than the copying.
  addAll(part: Int32Array): void {
    this.#reserve(part.length);
    for (let i = 0; i < part.length; i++) this.#ids[this.#length + i] = part[i] as number;
    this.#length += part.length;
  }

  /** Adds what `write` puts into room for `most` ids; it returns how many these are. */
  write(most: number, write: (room: Int32Array) => number): void {
    this.#reserve(most);
    this.#length += write(this.#ids.subarray(this.#length, this.#length + most));
  }

  clear(): void {
    this.#length = 0;
  }

  /** A copy of those from `start` on. */
  slice(start = 0): Int32Array {
    return this.#ids.slice(start, this.#length);
  }

  #reserve(more: number): void {
    const length = this.#length + more;
    if (length <= this.#ids.length) return;
    const grown = new Int32Array(Math.max(length, 2 * this.#ids.length));
    grown.set(this.#ids.subarray(0, this.#length));
    this.#ids = grown;
  }
}
