// What this server was launched to do with requests that do not say it themselves. Data for whoever reads a request,
// in any thread; who decides it is the launcher.

import type { LongText } from '../embedder.ts';

export interface RequestRules {
  /** What becomes of an input that is too long; null = it is refused. */
  longText: LongText | null;
}

/** A server that was told nothing. */
export const PLAIN_RULES: RequestRules = { longText: null };
