// What the server does at the moment, from two readings of the counters in /server_info. Pure.

export interface LoadReading {
  atMs: number;
  running: number;
  queued: number;
  texts: number;
  tokens: number;
}

export interface Load {
  running: number;
  queued: number;
  textsPerSecond: number;
  tokensPerSecond: number;
}

/** Null where the answer has no load in it: an older server, or one behind a proxy that hides it. */
export function readLoad(serverInfo: unknown, atMs: number): LoadReading | null {
  const load = (serverInfo as { load?: Readonly<Record<string, unknown>> } | null)?.load;
  if (load === undefined) return null;
  const numberOf = (name: string): number => Number(load[name] ?? 0);
  return {
    atMs,
    running: numberOf('num_running_reqs'),
    queued: numberOf('num_queue_reqs'),
    texts: numberOf('num_inputs_total'),
    tokens: numberOf('prompt_tokens_total'),
  };
}

/** Rates between two readings; a server that was started anew in between has none. */
export function loadBetween(before: LoadReading | null, now: LoadReading): Load {
  const { running, queued } = now;
  const seconds = before === null ? 0 : (now.atMs - before.atMs) / 1000;
  if (before === null || seconds <= 0 || now.tokens < before.tokens)
    return { running, queued, textsPerSecond: 0, tokensPerSecond: 0 };
  return {
    running,
    queued,
    textsPerSecond: (now.texts - before.texts) / seconds,
    tokensPerSecond: (now.tokens - before.tokens) / seconds,
  };
}
