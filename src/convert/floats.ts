// Single numbers between float32, float16 and bfloat16, as bit patterns, with ggml's and numpy's rounding.
// Knows nothing of blocks, tensors or files. NaN never gets here: the kernels refuse it first.
//
//   f32   s eeeeeeee mmmmmmmmmmmmmmmmmmmmmmm    bias 127
//   bf16  s eeeeeeee mmmmmmm                    the upper half of an f32
//   f16   s eeeee    mmmmmmmmmm                 bias 15, subnormals below 2^-14, largest 65504

/** float32 bits -> float16 bits: nearest, ties to even, subnormals kept, overflow to infinity. */
export function f16FromF32(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude < 0x38800000) return sign | subnormalF16(magnitude);
  const rebiased = magnitude - ((127 - 15) << 23);
  const rounded = (rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13;
  return sign | Math.min(rounded, 0x7c00);
}

// Below 2^-14 a float16 counts units of 2^-24: the mantissa is shifted down to that unit and rounded.
function subnormalF16(magnitude: number): number {
  const exponent = magnitude >>> 23;
  if (exponent < 102) return 0;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  const units = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (units & 1) === 1) ? units + 1 : units;
}

/** float16 bits -> float32 bits; exact. */
export function f32FromF16(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (mantissa << 13);
  if (exponent !== 0) return sign | ((exponent + 127 - 15) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  // A subnormal: bring its leading one to the place that float32 leaves out.
  const shift = Math.clz32(mantissa) - 21;
  return sign | ((127 - 14 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}

/** float32 bits -> bfloat16 bits: nearest, ties to even. */
export function bf16FromF32(bits: number): number {
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
