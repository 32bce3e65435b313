// The number formats once more, in the plainest way: by search and by definition instead of by bits.
// The converter's kernels are compared with these; speed does not matter here.

const F16_VALUES = Array.from({ length: 0x7c00 }, (_, bits) => {
  const exponent = bits >> 10;
  const mantissa = bits & 0x3ff;
  return exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15);
});

/** Bits of the nearest float16; halfway cases go to the even neighbour. */
export function encodeF16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  return sign | nearest(Math.abs(value), { values: F16_VALUES, above: 65536 });
}

export function decodeF16(bits: number): number {
  const magnitude = (bits & 0x7fff) === 0x7c00 ? Infinity : (F16_VALUES[bits & 0x7fff] ?? NaN);
  return bits >= 0x8000 ? -magnitude : magnitude;
}

const BF16_VALUES = Array.from({ length: 0x7f80 }, (_, bits) => decodeBf16(bits));

/** Bits of the nearest bfloat16; halfway cases go to the even neighbour. */
export function encodeBf16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  return sign | nearest(Math.abs(value), { values: BF16_VALUES, above: 2 ** 128 });
}

export function decodeBf16(bits: number): number {
  const exponent = (bits >> 7) & 0xff;
  const mantissa = bits & 0x7f;
  const sign = bits >= 0x8000 ? -1 : 1;
  if (exponent === 0xff) return sign * Infinity;
  return sign * (exponent === 0 ? mantissa * 2 ** -133 : (1 + mantissa / 128) * 2 ** (exponent - 127));
}

// Index of the closest of the ascending values, the even one of two; `above` is what would follow the last one.
function nearest(value: number, { values, above }: { values: readonly number[]; above: number }): number {
  let low = 0;
  let high = values.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? above) <= value) low = middle;
    else high = middle;
  }
  if (value === Infinity) return values.length;
  const down = value - (values[low] ?? 0);
  const up = (values[high] ?? above) - value;
  return down < up || (down === up && low % 2 === 0) ? low : high;
}

/** 34 bytes for 32 numbers, each step in float32. */
export function encodeQ8Block(block: readonly number[]): number[] {
  const scale = Math.fround(Math.max(...block.map(Math.abs)) / 127);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  const scaleBits = encodeF16(scale);
  const values = block.map((value) => {
    const scaled = Math.fround(value * inverse);
    const rounded = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
    return Number.isFinite(rounded) ? rounded & 0xff : 0;
  });
  return [scaleBits & 0xff, scaleBits >> 8, ...values];
}
