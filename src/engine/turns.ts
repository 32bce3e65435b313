// Owns how long one piece of work on texts may hold up this process: slices, between which decodes that have ended and
// other requests get their turn.
import { setImmediate as yieldToLoop } from 'node:timers/promises';

/** Texts are tokenised in slices of about this size: some milliseconds, and the tokens of a large batch. */
export const SLICE_CHARACTERS = 8192;

/** `map` over values in order; what it throws ends the work. */
export async function mapInTurns<From extends { length: number }, To>(
  values: readonly From[],
  map: (value: From) => To,
): Promise<To[]> {
  const done: To[] = [];
  let length = 0;
  for (const value of values) {
    done.push(map(value));
    length += value.length;
    if (length < SLICE_CHARACTERS) continue;
    length = 0;
    await yieldToLoop();
  }
  return done;
}
