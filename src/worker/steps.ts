// Work that is done in steps of about a millisecond, between which the loop has its turn.
import { setImmediate as turn } from 'node:timers/promises';

/** Pauses after every step. */
export type Steps<Value> = Generator<undefined, Value, undefined>;

/** At once where one step will do. */
export function inTurns<Value>(steps: Steps<Value>): Value | Promise<Value> {
  const first = steps.next();
  return first.done === true ? first.value : finish(steps);
}

async function finish<Value>(steps: Steps<Value>): Promise<Value> {
  for (;;) {
    await turn();
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
