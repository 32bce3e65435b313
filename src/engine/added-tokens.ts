// Owns where a vocabulary's added tokens stand in a text, as Hugging Face's tokenizer finds them: the leftmost, of those
// the longest, before the text between them is normalised. Tokens that were added as ordinary words ("normalized" in
// tokenizer.json) are looked for afterwards, in NFC, in what is left. Pure.
import { holdsCut } from './safe-cuts.ts';

/** Contents and their ids. */
export type TokenIds = ReadonlyMap<string, number>;

/** An added token's id, or text between two. */
export type Piece = number | string;

export class AddedTokens {
  readonly #asTheyStand: Finder | null;
  readonly #normalised: Finder | null;
  /** Whether safe-cuts.ts finds no place inside any of them. */
  readonly mayCut: boolean;

  constructor(tokens: TokenIds, normalisedIds: ReadonlySet<number> = new Set()) {
    const entries = [...tokens].filter(([content]) => content !== '');
    const isNormalised = ([, id]: (typeof entries)[number]) => normalisedIds.has(id);
    const normalised = entries
      .filter(isNormalised)
      .map(([content, id]) => [content.normalize(), id] as const);
    this.#asTheyStand = openFinder(entries.filter((entry) => !isNormalised(entry)));
    this.#normalised = openFinder(normalised);
    this.mayCut = ![...entries, ...normalised].some(([content]) => holdsCut(content));
  }

  /** The whole text in pieces, some of which may be empty; found one by one, as they are asked for. */
  split(text: string): Iterable<Piece> {
    if (this.#normalised !== null) return splitTwice(text, this.#asTheyStand, this.#normalised);
    // Most texts have none, and are short: a generator would cost as much as their ids.
    const isOne = this.#asTheyStand === null || text.search(this.#asTheyStand.pattern) === -1;
    return isOne ? [text] : split(text, this.#asTheyStand);
  }
}

interface Finder {
  ids: TokenIds;
  pattern: RegExp;
}

function openFinder(tokens: readonly (readonly [string, number])[]): Finder | null {
  if (tokens.length === 0) return null;
  const alternatives = tokens
    .map(([content]) => content)
    .sort((a, b) => b.length - a.length)
    .map((content) => content.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return { ids: new Map(tokens), pattern: new RegExp(alternatives.join('|'), 'g') };
}

function* splitTwice(text: string, first: Finder | null, second: Finder): Generator<Piece, void> {
  for (const piece of split(text, first)) {
    if (typeof piece === 'number') yield piece;
    else yield* split(piece.normalize(), second);
  }
}

function* split(text: string, finder: Finder | null): Generator<Piece, void> {
  let start = 0;
  if (finder !== null)
    for (const { index, 0: content } of text.matchAll(finder.pattern)) {
      yield text.slice(start, index);
      yield finder.ids.get(content) as number;
      start = index + content.length;
    }
  yield text.slice(start);
}
