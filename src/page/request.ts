// What the page asks of the server, as data: the requests behind what is on screen. Pure.
// The code that the page offers for copying is rendered from the same, in code-samples.ts.

/** How the rows are read; the columns are documents wherever the rows are queries. */
export type RowKind = 'plain' | 'query' | 'instruction';

export interface Question {
  texts: readonly string[];
  rowKind: RowKind;
  /** The task, where the rows are read with one of the user's own. */
  instruction: string;
}

/** What goes into a request beside its texts and dimensions. */
export type Reading = { input_type?: 'query' | 'document'; instruction?: string };

/** `columns` is null where rows and columns are the same vectors. */
export function readingsOf({ rowKind, instruction }: Question): { rows: Reading; columns: Reading | null } {
  switch (rowKind) {
    case 'plain':
      return { rows: {}, columns: null };
    case 'query':
      return { rows: { input_type: 'query' }, columns: { input_type: 'document' } };
    case 'instruction':
      return { rows: { instruction }, columns: { input_type: 'document' } };
  }
}

/** So many can be told apart on a screen, and be compared as fast as a slider moves. */
export const MOST_TEXTS = 64;

/** One text a line, blank lines left out. */
export function parseTexts(draft: string): string[] {
  return draft
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Null = nothing is wrong. */
export function problemOf({ texts, rowKind, instruction }: Question): string | null {
  if (texts.length < 2) return 'Write at least two texts, one a line.';
  if (texts.length > MOST_TEXTS)
    return `There are ${String(texts.length)} texts; the page compares ${String(MOST_TEXTS)} at most. The API takes 2,048.`;
  return rowKind === 'instruction' && instruction.trim() === ''
    ? 'Write the instruction, or choose another reading.'
    : null;
}
