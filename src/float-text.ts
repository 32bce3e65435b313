// Prints float32 values as JSON numbers: the shortest decimal that reads back to the same float32.
// Knows nothing of vectors, HTTP or JSON documents: numbers in, ASCII bytes out.
//
// For 2^-19 <= |x| < 1 one double multiplication by an exact power of ten puts x among 9-digit integers with an error
// below 2^-23; every decimal nearer than half a float32 step reads back to x, so the most rounded such integer is the
// shortest text. Powers of two (uneven steps), the rare doubtful comparison and all other magnitudes go the slow way.

/** Upper bound of what one value can take, its comma included: "-340282350000000000000," is 23. */
export const MAX_FLOAT_BYTES = 24;

const MINUS = 45;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;

const EXPONENT_BIAS = 127;
const FIRST_EXPONENT = EXPONENT_BIAS - 19;
const LAST_EXPONENT = EXPONENT_BIAS - 1;

// Above the error of `scaled` (2^-23) and above what a reader that goes through a double may add.
const DOUBT = 1e-6;

// By biased exponent: the decimals that make 2^exponent a 9-digit integer, that power of ten, half a step times it.
const DECIMALS = new Uint8Array(256);
const SCALE = new Float64Array(256);
const HALF_STEP = new Float64Array(256);
for (let exponent = FIRST_EXPONENT; exponent <= LAST_EXPONENT; exponent++) {
  const low = 2 ** (exponent - EXPONENT_BIAS);
  const decimals = Math.ceil(8 - Math.log10(low));
  DECIMALS[exponent] = decimals;
  SCALE[exponent] = 10 ** decimals;
  HALF_STEP[exponent] = low * 2 ** -24 * 10 ** decimals;
}

const DIGIT_PAIRS = Uint8Array.from({ length: 200 }, (_, i) =>
  i % 2 === 0 ? ZERO + Math.floor(i / 20) : ZERO + (Math.floor(i / 2) % 10),
);

/**
 * Writes `values` separated by commas at `offset` and returns the end.
 * `target` needs MAX_FLOAT_BYTES per value. -1 when a value is not finite: JSON has no text for it.
 */
export function writeFloats(values: Float32Array, target: Uint8Array, offset: number): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let position = offset;
  for (let i = 0; i < values.length; i++) {
    if (i > 0) target[position++] = COMMA;
    const pattern = bits[i] as number;
    const exponent = (pattern >>> 23) & 0xff;
    if (exponent < FIRST_EXPONENT || exponent > LAST_EXPONENT || (pattern & 0x7fffff) === 0) {
      if (exponent === 0xff) return -1;
      position = writeAscii(shortestDecimal(values[i] as number), target, position);
    } else {
      position = writeFraction(values[i] as number, exponent, target, position);
    }
  }
  return position;
}

// The caller has checked that 2^-19 <= |x| < 1 and that x is no power of two.
function writeFraction(x: number, exponent: number, target: Uint8Array, offset: number): number {
  const scaled = Math.abs(x) * (SCALE[exponent] as number);
  const reach = HALF_STEP[exponent] as number;
  let decimals = DECIMALS[exponent] as number;
  // Half a step is at least 2.98 of the last of nine digits, so rounding to an integer is always near enough.
  let digits = (scaled + 0.5) | 0;
  for (let unit = 10; ; unit *= 10) {
    const rounded = (scaled / unit + 0.5) | 0;
    const distance = Math.abs(rounded * unit - scaled);
    if (distance > reach - DOUBT) {
      if (distance < reach + DOUBT) return writeAscii(shortestDecimal(x), target, offset);
      break;
    }
    digits = rounded;
    decimals--;
  }
  let position = offset;
  if (x < 0) target[position++] = MINUS;
  target[position++] = ZERO;
  target[position++] = POINT;
  writeDigits(digits, target, position, decimals);
  return position + decimals;
}

// `width` ASCII digits of an integer, with leading zeros, two at a time from the right.
function writeDigits(integer: number, target: Uint8Array, offset: number, width: number): void {
  let rest = integer;
  let position = offset + width;
  while (position - offset >= 2) {
    const quotient = (rest / 100) | 0;
    const pair = (rest - quotient * 100) << 1;
    target[--position] = DIGIT_PAIRS[pair + 1] as number;
    target[--position] = DIGIT_PAIRS[pair] as number;
    rest = quotient;
  }
  if (position > offset) target[offset] = ZERO + rest;
}

function writeAscii(text: string, target: Uint8Array, offset: number): number {
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i);
  return offset + text.length;
}

/** The same for any finite float32, slowly: the fewest digits that read back to `x`, laid out as JavaScript prints. */
export function shortestDecimal(x: number): string {
  if (x === 0) return Object.is(x, -0) ? '-0' : '0';
  for (let digits = 1; digits < 9; digits++) {
    const nearest = x.toExponential(digits - 1);
    if (Math.fround(Number(nearest)) === x) return String(Number(nearest));
    // Above a power of two the steps are twice those below: the second nearest may be within reach.
    const outer = awayFromZero(nearest);
    if (Math.fround(outer) === x) return String(outer);
  }
  return String(Number(x.toExponential(8)));
}

// One more in the last digit of "d.ddde+x".
function awayFromZero(exponential: string): number {
  const [mantissa = '', exponent = ''] = exponential.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const sign = whole.startsWith('-') ? -1 : 1;
  const integer = Number(whole + fraction) + sign;
  return Number(`${String(integer)}e${String(Number(exponent) - fraction.length)}`);
}
