// Owns the decision which waiting texts form the next batch. Pure data in, data out; knows neither llama.cpp nor promises.
// The highest priority comes first. Within one, calls take turns, one text each, so a call with one text is in the next
// batch however many texts another has waiting.
// Calls that wait for their first turn go before those that had theirs; among either a policy may rank the texts. Every
// other batch begins with the one that came first, so that no policy keeps a text waiting for good.
// There is no timer: while one batch runs, the next one fills by itself.
import type { Ranker } from './schedule-policy.ts';

/** One text ready to be decoded. */
export interface QueuedText {
  /** Tokens that its decode takes; at least 1. */
  readonly cost: number;
  /** The higher, the earlier. */
  readonly priority: number;
  /** False when nobody waits for it any more. */
  readonly isWanted: boolean;
  /** Called when it leaves the queue unwanted. */
  drop(): void;
}

export interface BatchLimits {
  /** Most tokens in one batch. */
  tokens: number;
  /** Most texts in one batch. */
  sequences: number;
}

interface Turn<Text> {
  priority: number;
  texts: Text[];
  /** The first of `texts` that has not been taken. */
  next: number;
  /** Whether none of the call's texts has been taken yet: it goes before those that had theirs. */
  isFresh: boolean;
  /** The lower, the longer it has been in line. */
  place: number;
}

/** Texts waiting, by the call that they are of. */
export class TextQueue<Text extends QueuedText> {
  /** The highest priority first. */
  readonly #turns: Turn<Text>[] = [];
  readonly #turnOf = new WeakMap<object, Turn<Text>>();
  readonly #ranker: Ranker<Text> | null;
  #places = 0;
  #isFirstsTurn = false;

  /** Without a ranker texts are taken as they came. */
  constructor(ranker: Ranker<Text> | null = null) {
    this.#ranker = ranker;
  }

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  /** Whether the texts that wait cost at least `tokens`. */
  holds(tokens: number): boolean {
    let sum = 0;
    for (const { texts, next } of this.#turns)
      for (let i = next; i < texts.length; i++) {
        sum += texts[i]?.cost ?? 0;
        if (sum >= tokens) return true;
      }
    return false;
  }

  /** Texts of one priority; those of one call share its turn, however many times some are added. */
  add(texts: readonly Text[], call: object = {}): void {
    const [first] = texts;
    if (first === undefined) return;
    const known = this.#turnOf.get(call);
    const turn = known ?? { priority: first.priority, texts: [], next: 0, isFresh: true, place: 0 };
    const isInLine = turn.texts.length > 0;
    for (const text of texts) turn.texts.push(text);
    this.#turnOf.set(call, turn);
    if (!isInLine) this.#line(turn);
  }

  /**
   * Takes the next batch: round by round one text of each call in turn, as long as the limits hold. A call whose next
   * text does not fit is passed over for this batch and keeps its turn. A first text beyond `limits.tokens` goes alone.
   * Texts that nobody wants are dropped on the way.
   */
  take(limits: BatchLimits): Text[] {
    if (this.#ranker !== null && !this.isEmpty) this.#arrange(this.#ranker);
    const batch: Text[] = [];
    let free = limits.tokens;
    let passedOver = 0;
    while (passedOver < this.#turns.length && batch.length < limits.sequences && free > 0) {
      const turn = this.#turns[passedOver];
      const text = turn === undefined ? undefined : skipUnwanted(turn);
      if (turn === undefined || text === undefined) {
        this.#turns.splice(passedOver, 1);
        if (turn !== undefined) empty(turn);
        continue;
      }
      if (text.cost > free && batch.length > 0) {
        passedOver++;
        continue;
      }
      batch.push(text);
      free -= text.cost;
      turn.next++;
      turn.isFresh = false;
      this.#turns.splice(passedOver, 1);
      if (turn.next < turn.texts.length) this.#line(turn);
      else empty(turn);
    }
    return batch;
  }

  /** By rank: texts within their turn, turns within their priority and freshness. */
  #arrange(ranker: Ranker<Text>): void {
    const rankOf = ranker(this.#turns.flatMap(({ texts, next }) => texts.slice(next)));
    const ranks = new Map<Turn<Text>, number>();
    for (const turn of this.#turns) {
      const ranked = turn.texts.slice(turn.next).map((text) => ({ text, rank: rankOf(text) }));
      ranked.sort((a, b) => b.rank - a.rank);
      turn.texts = ranked.map(({ text }) => text);
      turn.next = 0;
      ranks.set(turn, ranked[0]?.rank ?? 0);
    }
    this.#turns.sort(
      (a, b) =>
        b.priority - a.priority ||
        Number(b.isFresh) - Number(a.isFresh) ||
        (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0) ||
        a.place - b.place,
    );
    if (this.#isFirstsTurn) this.#putOldestFirst();
    this.#isFirstsTurn = !this.#isFirstsTurn;
  }

  #putOldestFirst(): void {
    const [first] = this.#turns;
    const isPeer = (turn: Turn<Text>) => turn.priority === first?.priority && turn.isFresh === first.isFresh;
    const oldest = Math.min(...this.#turns.filter(isPeer).map(({ place }) => place));
    const at = this.#turns.findIndex(({ place }) => place === oldest);
    this.#turns.unshift(...this.#turns.splice(at, 1));
  }

  /** Behind those of its priority; a fresh one before those that are not. */
  #line(turn: Turn<Text>): void {
    turn.place = this.#places++;
    const isBehind = ({ priority, isFresh }: Turn<Text>): boolean =>
      priority < turn.priority || (priority === turn.priority && turn.isFresh && !isFresh);
    const at = this.#turns.findIndex(isBehind);
    this.#turns.splice(at < 0 ? this.#turns.length : at, 0, turn);
  }
}

function empty<Text>(turn: Turn<Text>): void {
  turn.texts = [];
  turn.next = 0;
}

function skipUnwanted<Text extends QueuedText>(turn: Turn<Text>): Text | undefined {
  for (;;) {
    const text = turn.texts[turn.next];
    if (text?.isWanted !== false) return text;
    text.drop();
    turn.next++;
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
