// Owns the arithmetic on finished vectors: cut, check, normalise. Pure.

/**
 * Cuts `source` to its first `target.length` components and writes them L2-normalised into `target`.
 * Returns false, with `target` unspecified, where a component is not finite or all are zero.
 * The sum is taken in float64, so the length of the result is 1 within float32 rounding.
 */
export function cutAndNormalise(source: Float32Array, target: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < target.length; i++) {
    const value = source[i] ?? NaN;
    sum += value * value;
  }
  if (!(sum > 0 && sum < Infinity)) return false;
  const scale = 1 / Math.sqrt(sum);
  for (let i = 0; i < target.length; i++) target[i] = (source[i] ?? NaN) * scale;
  return true;
}
