// Two servers' rounds, pair by pair: what one does over what the other does at about the same time. Pure.
import type { LegResult } from './run.ts';
import type { Round } from './record.ts';
import { summarise, type Spread } from './statistics.ts';

/** First server over second; above 1 the first one does more, or, for latencies, takes longer. Null: no such figure. */
export interface Ratios {
  textsPerSecond: Spread | null;
  tokensPerSecond: Spread | null;
  p50: Spread | null;
  p99: Spread | null;
}

/** Null unless there are two servers with a pair of rounds. */
export function compareRounds({ rounds: [first, second] }: Pick<LegResult, 'rounds'>): Ratios | null {
  if (first === undefined || second === undefined || second.length === 0) return null;
  const ratios = (figure: (round: Round) => number | null | undefined) =>
    summarise(
      second.map((round, index) => {
        const [a, b] = [first[index] && figure(first[index]), figure(round)];
        return a == null || b == null || b === 0 ? null : a / b;
      }),
    );
  return {
    textsPerSecond: ratios((round) => round.textsPerSecond),
    tokensPerSecond: ratios((round) => round.tokensPerSecond),
    p50: ratios((round) => round.latencyMs?.p50),
    p99: ratios((round) => round.latencyMs?.p99),
  };
}

/** Tokens per text in all rounds of a server; null where it does not count them. */
export function tokensPerText(rounds: readonly Round[]): number | null {
  let [tokens, texts] = [0, 0];
  for (const round of rounds) {
    if (round.tokens === null) return null;
    tokens += round.tokens;
    texts += round.texts;
  }
  return texts === 0 ? null : tokens / texts;
}
