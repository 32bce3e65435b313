// Owns the decision which beginnings of texts (instructions) are worth keeping decoded. Pure data; knows no llama.cpp.
// A beginning is learnt from texts that share it, kept while it is used, and dropped, least recently used first, when
// the room is needed. Lanes keep the keys and values of the live ones; a dropped one may still be named by texts that
// wait, which is why it says so itself.

export interface Prefix {
  readonly tokens: Int32Array;
  /** False once dropped: nobody may rely on it being decoded. */
  live: boolean;
}

export interface PrefixLimits {
  /** Tokens that all prefixes may hold together; 0 turns sharing off. */
  tokens: number;
  /** Prefixes that may be live together. */
  count: number;
}

/** Shorter ones save less than their bookkeeping costs. */
const LEAST_TOKENS = 8;
/** Pairs of texts that must have shared a beginning before it is kept. */
const SIGHTINGS = 3;
/** Texts that a new one is compared with: enough to see two instructions that alternate. */
const RECENT_TEXTS = 8;
/** Beginnings that are being counted. */
const CANDIDATES = 64;

export class PrefixStore {
  readonly #limits: PrefixLimits;
  /** In order of use, the latest last. */
  #live: Prefix[] = [];
  #recent: Int32Array[] = [];
  /** Key of a beginning -> sightings, in order of sighting. */
  readonly #sightings = new Map<string, number>();

  constructor(limits: PrefixLimits) {
    this.#limits = limits;
  }

  /** Tokens of all live prefixes. */
  get tokens(): number {
    return this.#live.reduce((sum, { tokens }) => sum + tokens.length, 0);
  }

  /** The longest live prefix of a text, after learning from it; null where there is none. */
  assign(text: Int32Array): Prefix | null {
    if (this.#limits.tokens === 0) return null;
    const known = this.#find(text);
    const learnt = this.#learn(text, known?.tokens.length ?? 0);
    const prefix = learnt ?? known;
    if (prefix !== null) this.#live = [...this.#live.filter((other) => other !== prefix), prefix];
    return prefix;
  }

  /** Drops every prefix and what was learnt on the way to others. */
  clear(): void {
    for (const prefix of this.#live.splice(0)) prefix.live = false;
    this.#recent = [];
    this.#sightings.clear();
  }

  #find(text: Int32Array): Prefix | null {
    let longest: Prefix | null = null;
    for (const prefix of this.#live) {
      const { length } = prefix.tokens;
      if (length > (longest?.tokens.length ?? 0) && sharedLength(prefix.tokens, text) === length)
        longest = prefix;
    }
    return longest;
  }

  /** A prefix that this text has just made worth keeping: the longest, if several. */
  #learn(text: Int32Array, knownLength: number): Prefix | null {
    const lengths = new Set(
      this.#recent.map((other) => Math.min(sharedLength(other, text), this.#limits.tokens)),
    );
    this.#recent = [...this.#recent.slice(1 - RECENT_TEXTS), text];
    const proven = [...lengths]
      .filter((length) => length >= knownLength + LEAST_TOKENS)
      .map((length) => text.slice(0, length))
      .filter((tokens) => this.#sight(tokens.join()) >= SIGHTINGS)
      .sort((a, b) => b.length - a.length)[0];
    return proven === undefined ? null : this.#keep({ tokens: proven, live: true });
  }

  /** Counts a beginning once more; returns how often it has been seen. */
  #sight(key: string): number {
    const sightings = (this.#sightings.get(key) ?? 0) + 1;
    this.#sightings.delete(key);
    this.#sightings.set(key, sightings);
    const [oldest] = this.#sightings.keys();
    if (this.#sightings.size > CANDIDATES && oldest !== undefined) this.#sightings.delete(oldest);
    return sightings;
  }

  #keep(prefix: Prefix): Prefix {
    const isFull = () =>
      this.#live.length >= this.#limits.count || this.tokens + prefix.tokens.length > this.#limits.tokens;
    while (isFull()) {
      const dropped = this.#live.shift();
      if (dropped === undefined) break;
      dropped.live = false;
    }
    this.#live.push(prefix);
    return prefix;
  }
}

/** Tokens that both begin with, the last of either left out: a text must keep one to be read at. */
function sharedLength(a: Int32Array, b: Int32Array): number {
  const most = Math.min(a.length, b.length - 1);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
