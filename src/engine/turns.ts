// Owns how long one piece of work on texts may hold up this process: slices, between which decodes that have ended and
// other requests get their turn.
import { setImmediate as yieldToLoop } from 'node:timers/promises';

/** Texts are tokenised in slices of about this size: some milliseconds, and the tokens of a large batch. */
export const SLICE_CHARACTERS = 8192;

/** A text of more, or a part of one, is not tokenised in one piece: a word of so many characters takes some 40 ms. */
export const LONGEST_AT_ONCE = 32_768;

/** `map` over values in order; what it throws ends the work. */
export async function mapInTurns<From extends { length: number }, To>(
  values: readonly From[],
  map: (value: From) => Promise<To> | To,
): Promise<To[]> {
  const done: To[] = [];
  let length = 0;
  for (const value of values) {
    done.push(await map(value));
    length += value.length;
    if (length < SLICE_CHARACTERS) continue;
    length = 0;
    await yieldToLoop();
  }
  return done;
}
