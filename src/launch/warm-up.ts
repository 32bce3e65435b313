// Owns the first text through a new pool: the start is over when it has its vector, or fails when none comes in time.
import type { Embedder } from '../embedder.ts';
import { Fault } from '../faults.ts';

const TEXT = 'The capital city of France is';
const IDS = [0, 1, 2, 3, 4, 5];

export interface WarmUpOptions {
  takesTexts: boolean;
  timeoutSeconds: number;
}

/** Faults: WORKER_START_FAILED where it takes too long, and those of `embed`. */
export async function warmUp(
  embedder: Pick<Embedder, 'embed'>,
  { takesTexts, timeoutSeconds }: WarmUpOptions,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    await embedder.embed([takesTexts ? TEXT : IDS], { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
    const problem = `the first text had no vector within ${String(timeoutSeconds)} s (--warmup-timeout)`;
    throw new Fault('WORKER_START_FAILED', { problem }, { cause });
  }
}
