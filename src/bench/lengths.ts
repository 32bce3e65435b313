// How long texts are, in tokens: the value of --text-tokens and the draw of one length. Pure.
// The end token that servers append does not count.
import { Fault } from '../faults.ts';
import { takeNormal, type Random } from './random.ts';

export type Lengths =
  | { kind: 'fixed'; tokens: number }
  /** `sigma` is the standard deviation of the length's logarithm. */
  | { kind: 'lognormal'; median: number; sigma: number; max: number };

/** The longest context among the Qwen3-Embedding models, less some room for an instruction. */
const LONGEST_TOKENS = 32_000;

/** 95 % of a normal distribution lie below this many standard deviations. */
const Z95 = 1.6448536269514722;

/** `32`, or `lognormal:60:500` (median 60, 5 % above 500), or with a longest one: `lognormal:60:500:8000`. */
export function parseLengths(spec: string): Lengths {
  const [kind, ...rest] = spec.split(':');
  if (rest.length === 0) return { kind: 'fixed', tokens: parseTokens(spec, spec) };
  if (kind !== 'lognormal' || rest.length < 2 || rest.length > 3)
    throw badSpec(spec, 'is neither a number nor lognormal:MEDIAN:P95');
  const [median = 1, p95 = 1, max = LONGEST_TOKENS] = rest.map((part) => parseTokens(part, spec));
  if (p95 <= median || max < median) throw badSpec(spec, 'must have MEDIAN < P95 and MEDIAN <= MAX');
  return { kind, median, sigma: Math.log(p95 / median) / Z95, max };
}

function parseTokens(text: string, spec: string): number {
  const tokens = /^\d+$/.test(text) ? Number(text) : NaN;
  if (tokens >= 1 && tokens <= LONGEST_TOKENS) return tokens;
  throw badSpec(spec, `has ${JSON.stringify(text)}, not a whole number from 1 to ${String(LONGEST_TOKENS)}`);
}

function badSpec(spec: string, problem: string): Fault<'BAD_OPTION'> {
  return new Fault('BAD_OPTION', {
    option: `--text-tokens ${spec}`,
    problem,
    hint: 'give --text-tokens 32 or --text-tokens lognormal:60:500 (median 60, 5 % above 500)',
  });
}

export function takeLength(lengths: Lengths, random: Random): number {
  if (lengths.kind === 'fixed') return lengths.tokens;
  const drawn = Math.round(lengths.median * Math.exp(lengths.sigma * takeNormal(random)));
  return Math.min(Math.max(drawn, 1), lengths.max);
}

export function renderLengths(lengths: Lengths): string {
  if (lengths.kind === 'fixed') return `${String(lengths.tokens)} tokens each`;
  const p95 = Math.round(lengths.median * Math.exp(lengths.sigma * Z95));
  return `log-normal lengths: median ${String(lengths.median)} tokens, 5 % above ${String(p95)}, at most ${String(lengths.max)}`;
}
