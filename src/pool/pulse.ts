// Whether a worker still answers at all: it is asked again and again, and silence is told. A worker whose main thread
// hangs in a native call takes connections and never speaks.

export interface PulseOptions {
  /** Resolves with any answer; rejects when the signal is aborted, or because the worker is dying. */
  ask: (signal: AbortSignal) => Promise<unknown>;
  /** Silence of so long is a hang; Infinity = nobody listens. */
  timeoutMs: number;
  onSilence: () => void;
}

/** Questions in a row without an answer. More than one: if this process was stopped, the first is late for that alone. */
const SILENCES = 2;
/** Pause after an answer, as a share of the timeout. */
const REST = 1 / 4;

/** Returns what ends it. */
export function watchPulse({ ask, timeoutMs, onSilence }: PulseOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = !Number.isFinite(timeoutMs);
  let silences = 0;
  const rest = (): void => {
    silences = 0;
    if (!isOver) timer = setTimeout(beat, timeoutMs * REST).unref();
  };
  const beat = (): void => {
    const signal = AbortSignal.timeout(timeoutMs / SILENCES);
    ask(signal).then(rest, () => {
      // Whatever else broke the question is a death, which is reported by itself.
      if (!signal.aborted) rest();
      else if (++silences < SILENCES) beat();
      else if (!isOver) onSilence();
    });
  };
  rest();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
