// What all readers of messages between pool and worker share: bytes prove themselves or are the fault WIRE_MALFORMED.
import { Fault } from '../faults.ts';

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
}

export function malformed(problem: string, cause?: unknown): Fault {
  return new Fault('WIRE_MALFORMED', { problem }, { cause });
}
