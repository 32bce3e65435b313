// Owns how much of a very long text is tokenised where only its first tokens matter: it is looked at from its beginning,
// twice as far each time, until there are more tokens than the limit. Knows no vocabulary, only who makes ids.
// Merging one word takes a second per megabyte (llama.cpp, one core), and a request may hold many megabytes.

export interface Beginning {
  /** Ids, the end token last. */
  tokens: Int32Array;
  /** false: more text follows, and `tokens` are more than the limit all the same. */
  isWhole: boolean;
}

/** Characters of the first look: more than ordinary text of 32,768 tokens has. */
const FIRST_LOOK = 262_144;

/** What stands behind a cut can change the tokens before it: merges, composed letters, added tokens. */
const DOUBTFUL_TOKENS = 256;

/** The whole text, or as much of it as has more than `limit` tokens; the first `limit` ids are the text's own. */
export async function tokeniseBeginning(
  text: string,
  { limit, tokenise }: { limit: number; tokenise: (text: string) => Promise<Int32Array> },
): Promise<Beginning> {
  for (let length = FIRST_LOOK; length < text.length; length *= 2) {
    const tokens = await tokenise(text.slice(0, length));
    if (tokens.length > limit + DOUBTFUL_TOKENS) return { tokens, isWhole: false };
  }
  return { tokens: await tokenise(text), isWhole: true };
}
