// Owns the split of a text into the words that byte-pair merges never cross, as Qwen's tokenizer splits it, so that a
// word met before need not be merged again. Pure. Only for text where that split is beyond doubt: Western letters and
// punctuation, whose classes no version of Unicode has changed and which NFC leaves alone. Other text is llama.cpp's.

/** The pattern of tokenizer.json. */
const WORDS =
  /'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

/** Without the second control block, whose U+0085 is white space to Qwen and not to JavaScript. */
const WESTERN = /^[\0-\x7f\u00a0-\u017e\u2010-\u2027\u2030-\u205e]*$/;

/** The words of a text, one after another; null where it is not Western. */
export function splitWords(text: string): readonly string[] | null {
  if (!WESTERN.test(text)) return null;
  return text.match(WORDS) ?? [];
}
