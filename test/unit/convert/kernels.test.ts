import assert from 'node:assert/strict';
import test from 'node:test';

import { bf16FromF32, f16FromF32, f32FromF16 } from '../../../src/convert/floats.ts';
import { convertRun, findNan, Lanes } from '../../../src/convert/kernels.ts';
import { encodeBf16, encodeF16, encodeQ8Block } from './plain-numbers.ts';

const bitsOf = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
const floatOf = (bits: number): number => new Float32Array(new Uint32Array([bits]).buffer)[0] ?? 0;

// Around every float16: itself, the midpoints to its neighbours and the float32 next to each of these.
function* interestingFloats(): Generator<number> {
  for (let bits = 0; bits < 0x7c00; bits += 7) {
    const low = f32FromF16(bits);
    const middle = bitsOf((floatOf(low) + floatOf(f32FromF16(bits + 1))) / 2);
    for (const around of [low, middle]) yield* [around - 1, around, around + 1].filter((near) => near >= 0);
  }
  yield* [
    0, 1, 0x007fffff, 0x00800000, 0x33000000, 0x33000001, 0x477fefff, 0x477ff000, 0x7f7fffff, 0x7f800000,
  ];
}

test('float32 becomes the nearest float16, ties to even, in both signs', () => {
  for (const bits of interestingFloats()) {
    assert.equal(f16FromF32(bits), encodeF16(floatOf(bits)), bits.toString(16));
    assert.equal(f16FromF32(bits | 0x80000000), encodeF16(-floatOf(bits)), bits.toString(16));
  }
});

test('every float16 survives the way to float32 and back', () => {
  for (let bits = 0; bits < 0x10000; bits++)
    if ((bits & 0x7fff) <= 0x7c00) assert.equal(f16FromF32(f32FromF16(bits)), bits);
});

test('float32 becomes the nearest bfloat16, ties to even', () => {
  for (const bits of interestingFloats())
    assert.equal(bf16FromF32(bits), encodeBf16(floatOf(bits)), bits.toString(16));
});

function quantise(values: readonly number[]): number[] {
  const source = new Lanes(values.length * 4);
  const target = new Lanes(values.length * 4);
  source.f32.set(values);
  convertRun({ from: 'F32', to: 'Q8_0', elements: values.length }, source, target);
  return [...target.bytes.subarray(0, (values.length / 32) * 34)];
}

test('Q8_0 rounds halves away from zero', () => {
  const values = Array.from({ length: 32 }, (_, index) => (index === 0 ? 127 : index - 16.5));
  assert.deepEqual(quantise(values), [
    0x00,
    0x3c,
    ...values.map((value) => (Math.sign(value) * Math.floor(Math.abs(value) + 0.5)) & 0xff),
  ]);
});

test('a block of zeros has scale 0 and values 0, also when some zeros are negative', () => {
  assert.deepEqual(quantise(new Array<number>(32).fill(0)), new Array<number>(34).fill(0));
  assert.deepEqual(quantise(new Array<number>(32).fill(-0)), new Array<number>(34).fill(0));
});

test('Q8_0 agrees with the plain rule for all magnitudes from subnormal to infinite', () => {
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  for (let exponent = 0; exponent <= 254; exponent++) {
    const block = Array.from({ length: 32 }, () => {
      const lower = Math.max(0, exponent - (random() % 9));
      return floatOf(((random() & 0x807fffff) | (lower << 23)) >>> 0);
    });
    assert.deepEqual(quantise(block), encodeQ8Block(block), `exponent ${String(exponent)}`);
  }
  const infinite = Array.from({ length: 32 }, (_, index) => (index === 3 ? -Infinity : index));
  assert.deepEqual(quantise(infinite), [0x00, 0x7c, ...new Array<number>(32).fill(0)]);
});

test('every finite bfloat16 pattern is converted as its float32 value would be', () => {
  const patterns = Array.from({ length: 0x10000 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7fff) <= 0x7f80,
  );
  const elements = Math.floor(patterns.length / 32) * 32;
  const narrow = new Lanes(elements * 2);
  const wide = new Lanes(elements * 4);
  narrow.u16.set(patterns.slice(0, elements));
  for (let i = 0; i < elements; i++) wide.i32[i] = (patterns[i] ?? 0) << 16;
  for (const to of ['F32', 'F16', 'BF16', 'Q8_0'] as const) {
    const [one, other] = [new Lanes(elements * 4), new Lanes(elements * 4)];
    convertRun({ from: 'BF16', to, elements }, narrow, one);
    convertRun({ from: 'F32', to, elements }, wide, other);
    assert.deepEqual(one.bytes, other.bytes, to);
  }
});

test('a run that is no multiple of the strip is converted to its last number', () => {
  const elements = 4096 * 2 + 5;
  const source = new Lanes(elements * 2 + 2);
  const target = new Lanes(elements * 4);
  source.u16.fill(0x3f80, 0, elements);
  convertRun({ from: 'BF16', to: 'F32', elements }, source, target);
  assert.deepEqual(target.f32, new Float32Array(elements).fill(1));
});

const NANS = {
  BF16: [0x7f81, 0xffff, 0x7fc0],
  F16: [0x7c01, 0xfe00, 0x7fff],
  F32: [0x7f800001, -1, 0x7fc00000],
};
const NO_NANS = { BF16: [0x7f80, 0xff80], F16: [0x7c00, 0xfc00, 0x7bff], F32: [0x7f800000, -8388608] };

test('a NaN is found at any place, and nothing else is taken for one', () => {
  for (const type of ['BF16', 'F16', 'F32'] as const) {
    for (const elements of [1, 2, 7, 8]) {
      const lanes = new Lanes(32);
      const numbers = type === 'F32' ? lanes.i32 : lanes.u16;
      for (const bits of NO_NANS[type])
        assert.equal(findNan(type, setAll(lanes, { numbers, bits }), elements), -1);
      for (const bits of NANS[type])
        for (let place = 0; place < elements; place++) {
          lanes.bytes.fill(0);
          numbers[place] = bits;
          assert.equal(findNan(type, lanes, elements), place, `${type} ${bits.toString(16)}`);
        }
    }
  }
});

test('a NaN behind the last number of the run does not count', () => {
  const lanes = new Lanes(8);
  lanes.u16[3] = 0x7fff;
  assert.equal(findNan('BF16', lanes, 3), -1);
});

function setAll(lanes: Lanes, { numbers, bits }: { numbers: Int32Array | Uint16Array; bits: number }): Lanes {
  numbers.fill(bits);
  return lanes;
}
