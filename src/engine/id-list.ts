// Owns token ids that grow by parts, in one block of memory.

export class IdList {
  #ids = new Int32Array(16_384);
  #length = 0;

  add(part: Int32Array): void {
    const length = this.#length + part.length;
    if (length > this.#ids.length) {
      const grown = new Int32Array(Math.max(length, 2 * this.#ids.length));
      grown.set(this.#ids.subarray(0, this.#length));
      this.#ids = grown;
    }
    this.#ids.set(part, this.#length);
    this.#length = length;
  }

  /** A copy, as long as the ids are many. */
  get whole(): Int32Array {
    return this.#ids.slice(0, this.#length);
  }
}
