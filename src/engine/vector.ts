// Owns the arithmetic on finished vectors: cut, check, normalise. Pure.

/**
 * Cuts `source` to its first `target.length` components and writes them L2-normalised into `target`.
 * Returns false, with `target` unspecified, where a component is not finite or all are zero.
 * The sum is taken in float64, so the length of the result is 1 within float32 rounding.
 */
export function cutAndNormalise(source: Float32Array, target: Float32Array): boolean {
  const sum = sumSquares(source, target.length);
  if (!isLength(sum)) return false;
  const scale = 1 / Math.sqrt(sum);
  for (let i = 0; i < target.length; i++) target[i] = (source[i] ?? NaN) * scale;
  return true;
}

/** Whether every component is finite and one at least is not zero, so that it can be normalised, cut or whole. */
export function isVector(values: Float32Array): boolean {
  return isLength(sumSquares(values, values.length));
}

const isLength = (squared: number): boolean => squared > 0 && squared < Infinity;

function sumSquares(values: Float32Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] ?? NaN;
    sum += value * value;
  }
  return sum;
}
