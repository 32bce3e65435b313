// Weights from a seed, the same on every machine: those of the tiny model. Knows names and shapes, no model.
//
// Weight i of tensor T (name without a leading `model.`) is uniform around its bias, with standard deviation s:
//   state0 = first 8 bytes, little endian, of sha256(`${seed}:${T}`)
//   z      = splitmix64(state0 + (i + 1) * 0x9E3779B97F4A7C15)
//   value  = float32(((z >> 40) / 2^24 - 0.5) * 2 * s * 1.7320508 + bias), then rounded to the dtype, ties to even
import { createHash } from 'node:crypto';

export interface SeededTensor {
  name: string;
  shape: number[];
  scale: number;
  bias: number;
}

/** In float32; splitmix64 on two 32-bit halves, as BigInt would take a minute instead of a second. */
export function drawWeights(seed: number, { name, shape, scale, bias }: SeededTensor): Float32Array {
  const digest = createHash('sha256')
    .update(`${String(seed)}:${name.replace(/^model\./, '')}`)
    .digest();
  let stateLow = digest.readUInt32LE(0);
  let stateHigh = digest.readUInt32LE(4);
  const weights = new Float32Array(product(shape));
  const span = 2 * scale * 1.7320508;
  for (let i = 0; i < weights.length; i++) {
    const sum = stateLow + 0x7f4a7c15;
    stateHigh = (stateHigh + 0x9e3779b9 + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    stateLow = sum >>> 0;
    half.low = (stateLow ^ ((stateLow >>> 30) | (stateHigh << 2))) >>> 0;
    half.high = (stateHigh ^ (stateHigh >>> 30)) >>> 0;
    multiply(0xbf58476d, 0x1ce4e5b9);
    half.low = (half.low ^ ((half.low >>> 27) | (half.high << 5))) >>> 0;
    half.high = (half.high ^ (half.high >>> 27)) >>> 0;
    multiply(0x94d049bb, 0x133111eb);
    // The last step of splitmix64 shifts by 31 and changes the upper 24 bits by one bit at most.
    const high = (half.high ^ (half.high >>> 31)) >>> 0;
    weights[i] = ((high >>> 8) / 16777216 - 0.5) * span + bias;
  }
  return weights;
}

const half = { high: 0, low: 0 };

// half *= (high, low), modulo 2^64, from products of 16-bit pieces that a double holds exactly.
function multiply(high: number, low: number): void {
  const a0 = half.low & 0xffff;
  const a1 = half.low >>> 16;
  const b0 = low & 0xffff;
  const b1 = low >>> 16;
  const p00 = a0 * b0;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = (p00 >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
  const carry = a1 * b1 + Math.floor(p01 / 65536) + Math.floor(p10 / 65536) + Math.floor(middle / 65536);
  half.high = (Math.imul(half.high, low) + Math.imul(half.low, high) + carry) >>> 0;
  half.low = ((middle << 16) | (p00 & 0xffff)) >>> 0;
}

export function product(shape: readonly number[]): number {
  return shape.reduce((result, length) => result * length, 1);
}
