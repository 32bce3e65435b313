// Owns the decision which waiting texts form the next batch. Pure data in, data out; knows neither llama.cpp nor promises.
// Calls take turns, one text each, so a call with one text is in the next batch however many texts another has waiting.
// There is no timer: while one batch runs, the next one fills by itself.

/** One text of a call, ready to be decoded. */
export interface QueuedText {
  /** Token ids, the end token last; never empty. */
  tokens: Int32Array;
}

export interface BatchLimits {
  /** Most tokens in one batch. */
  tokens: number;
  /** Most texts in one batch. */
  sequences: number;
}

/** Texts waiting, grouped by the call they belong to; `Call` is any object, compared by identity. */
export class TextQueue<Call extends object, Text extends QueuedText> {
  // In order of turn. Each call's texts are taken from `next` on.
  #turns: { call: Call; texts: readonly Text[]; next: number }[] = [];

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  add(call: Call, texts: readonly Text[]): void {
    if (texts.length > 0) this.#turns.push({ call, texts, next: 0 });
  }

  /** Forgets what has not been taken of a call. */
  remove(call: Call): void {
    this.#turns = this.#turns.filter((turn) => turn.call !== call);
  }

  /**
   * Takes the next batch: round by round one text of each call in turn, as long as the limits hold. A call whose next
   * text does not fit is passed over for this batch and keeps its turn. A first text beyond `limits.tokens` goes alone.
   */
  take(limits: BatchLimits): Text[] {
    const batch: Text[] = [];
    let free = limits.tokens;
    let passedOver = 0;
    while (passedOver < this.#turns.length && batch.length < limits.sequences && free > 0) {
      const turn = this.#turns[passedOver];
      const text = turn?.texts[turn.next];
      if (turn === undefined || text === undefined) break;
      if (text.tokens.length > free && batch.length > 0) {
        passedOver++;
        continue;
      }
      batch.push(text);
      free -= text.tokens.length;
      turn.next++;
      this.#turns.splice(passedOver, 1);
      if (turn.next < turn.texts.length) this.#turns.push(turn);
    }
    return batch;
  }
}

/** Sizes of the chunks in which a text of `tokens` is decoded: as few as `most` allows, as equal as can be. */
export function planChunks(tokens: number, most: number): number[] {
  const count = Math.ceil(tokens / most);
  return Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * tokens) / count) - Math.floor((i * tokens) / count),
  );
}
