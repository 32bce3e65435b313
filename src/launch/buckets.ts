// Owns how the bounds of histograms are written on the command line, in SGLang's grammar. Pure.
import { Fault } from '../faults.ts';

const OPTION = '--prompt-tokens-buckets';
const HINT = 'write default, or tse MIDDLE BASE COUNT, or custom and rising numbers';

/** Null = the bounds as they are. Faults: BAD_OPTION. */
export function planTokenBuckets([rule, ...rest]: readonly string[]): readonly number[] | null {
  const numbers = rest.map(Number);
  const [middle, base, count] = numbers;
  if (numbers.every(Number.isFinite)) {
    if (rule === 'default' && numbers.length === 0) return null;
    if (rule === 'custom' && numbers.length > 0) return checkRising(OPTION, numbers);
    if (rule === 'tse' && middle !== undefined && base !== undefined && count !== undefined) {
      if (numbers.length === 3 && base > 1 && Number.isInteger(count) && count > 0 && count <= 100)
        return spreadFromMiddle(middle, base, count);
    }
  }
  throw new Fault('BAD_OPTION', {
    option: OPTION,
    problem: `${[rule, ...rest].join(' ')} is no rule`,
    hint: HINT,
  });
}

/** Two-sided exponential: the middle and, on both sides, distances that grow by the base; none below 0. */
function spreadFromMiddle(middle: number, base: number, count: number): number[] {
  const distances = Array.from({ length: Math.ceil(count / 2) }, (_, step) => base ** (step + 1));
  const bounds = [middle, ...distances.flatMap((far) => [Math.max(0, middle - far), middle + far])];
  return [...new Set(bounds)].sort((a, b) => a - b);
}

/** The bounds, if each is greater than the one before. Faults: BAD_OPTION. */
export function checkRising(option: string, bounds: readonly number[]): readonly number[] {
  if (bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? bound))) return bounds;
  const problem = `${bounds.join(' ')} do not rise`;
  throw new Fault('BAD_OPTION', { option, problem, hint: 'write the bounds from the least to the greatest' });
}
