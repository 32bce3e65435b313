import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_FLOAT_BYTES, shortestDecimal, writeFloats } from '../../src/float-text.ts';

const bitsOf = new Uint32Array(1);
const floatOf = new Float32Array(bitsOf.buffer);

function floatFromBits(bits: number): number {
  bitsOf[0] = bits;
  return floatOf[0] ?? 0;
}

function print(...values: number[]): string {
  const target = Buffer.alloc(values.length * MAX_FLOAT_BYTES);
  const end = writeFloats(Float32Array.from(values), target, 0);
  return target.toString('latin1', 0, end);
}

const digitsIn = (text: string): string =>
  text.replace(/e.*/, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');

// By exact integers: the least n for which some n-digit decimal next to x reads back to x.
function fewestDigits(x: number): number {
  const magnitude = Math.abs(x);
  const step = 2 ** Math.max(-149, Math.floor(Math.log2(magnitude)) - 23);
  const numerator = BigInt(magnitude / step) * (step >= 1 ? BigInt(step) : 1n);
  const denominator = step >= 1 ? 1n : 2n ** BigInt(-Math.log2(step));
  const order = Number(magnitude.toExponential().split('e')[1]);
  for (let digits = 1; digits < 9; digits++) {
    const shift = digits - 1 - order;
    const [up, down] = shift >= 0 ? [10n ** BigInt(shift), 1n] : [1n, 10n ** BigInt(-shift)];
    const floor = (numerator * up) / (denominator * down);
    for (const integer of [floor, floor + 1n]) {
      if (Math.fround(Number(`${String(integer)}e${String(-shift)}`)) === magnitude) return digits;
    }
  }
  return 9;
}

const finiteFloat = fc.float({ noNaN: true, noDefaultInfinity: true });
const component = fc.float({ min: -1, max: 1, noNaN: true });

test('every finite float32 reads back to itself', () => {
  fc.assert(
    fc.property(fc.oneof(finiteFloat, component), (x) => {
      assert.ok(Object.is(Math.fround(Number(print(x))), x), `${String(x)} printed as ${print(x)}`);
    }),
    { numRuns: 20_000 },
  );
});

test('no shorter decimal reads back to the same float32', () => {
  fc.assert(
    fc.property(fc.oneof(finiteFloat, component), (x) => {
      if (x !== 0) assert.equal(Math.max(1, digitsIn(print(x)).length), fewestDigits(x), print(x));
    }),
    { numRuns: 20_000 },
  );
});

test('the fraction path prints what the slow path prints, on both sides of every power of two', () => {
  for (let exponent = 127 - 20; exponent <= 127; exponent++) {
    for (let offset = -300; offset <= 300; offset++) {
      const x = floatFromBits((exponent << 23) + offset);
      assert.equal(print(x), shortestDecimal(x));
    }
  }
});

test('every power of two, the subnormal ones too, prints the fewest digits', () => {
  for (let exponent = -149; exponent <= 127; exponent++) {
    const x = 2 ** exponent;
    assert.equal(Math.fround(Number(print(x))), x);
    assert.equal(digitsIn(print(x)).length, fewestDigits(x), print(x));
  }
});

test('known values print as expected', () => {
  const values = [0, -0, 1, -0.1, 0.3, 1 / 3, 1.4e-45, 3.4028234663852886e38, 16777216, 0.00001];
  assert.equal(print(...values), '0,-0,1,-0.1,0.3,0.33333334,1e-45,3.4028235e+38,16777216,0.00001');
});

test('every text is JSON and fits its space', () => {
  fc.assert(
    fc.property(fc.array(finiteFloat, { minLength: 1, maxLength: 20 }), (values) => {
      const text = print(...values);
      assert.ok(text.length <= values.length * MAX_FLOAT_BYTES);
      assert.equal((JSON.parse(`[${text}]`) as number[]).length, values.length);
    }),
  );
});

test('NaN and the infinities have no text', () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.equal(writeFloats(Float32Array.of(0.5, value), Buffer.alloc(100), 0), -1);
  }
});
