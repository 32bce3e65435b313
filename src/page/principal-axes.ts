// Vectors as points in the plane: the two directions in which they differ most (principal component analysis). Pure.
// There are fewer texts than components, so the axes come from the texts' products with each other, by power iteration.

import { dot, type Vector } from './vectors.ts';

export interface Plane {
  /** One point per vector; the middle of all is at 0, 0. */
  points: readonly { x: number; y: number }[];
  /** Share of the vectors' whole variance that each axis shows, 0 to 1. */
  shares: readonly [x: number, y: number];
}

const MOST_ROUNDS = 1000;
const SETTLED = 1e-12;

export function projectToPlane(vectors: readonly Vector[]): Plane {
  const products = centredProducts(vectors);
  const total = products.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const first = strongestAxis(products);
  const second = strongestAxis(without(products, first));
  const coordinates = (axis: Axis): number[] => axis.direction.map((part) => part * Math.sqrt(axis.strength));
  const [xs, ys] = [coordinates(first), coordinates(second)];
  const shareOf = ({ strength }: Axis): number => (total <= 0 ? 0 : strength / total);
  return {
    points: xs.map((x, index) => ({ x, y: ys[index] ?? 0 })),
    shares: [shareOf(first), shareOf(second)],
  };
}

/** Products of all vectors with each other after their mean is taken away, from the products before. */
function centredProducts(vectors: readonly Vector[]): number[][] {
  const raw = vectors.map((a) => vectors.map((b) => dot(a, b)));
  const means = raw.map((row) => row.reduce((sum, value) => sum + value, 0) / row.length);
  const mean = means.reduce((sum, value) => sum + value, 0) / Math.max(1, means.length);
  return raw.map((row, i) => row.map((value, j) => value - (means[i] ?? 0) - (means[j] ?? 0) + mean));
}

interface Axis {
  direction: number[];
  strength: number;
}

function strongestAxis(products: readonly (readonly number[])[]): Axis {
  // Any beginning that is not at right angles to the axis will do; this one has all signs and sizes.
  let direction = unit(products.map((_, index) => Math.sin(index + 1)));
  let strength = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = products.map((row) => row.reduce((sum, value, at) => sum + value * (direction[at] ?? 0), 0));
    const length = Math.hypot(...next);
    if (length < SETTLED) return { direction: next.map(() => 0), strength: 0 };
    direction = next.map((value) => value / length);
    const isSettled = Math.abs(length - strength) <= SETTLED * length;
    strength = length;
    if (isSettled) break;
  }
  return { direction: withLargestPositive(direction), strength };
}

function without(products: readonly (readonly number[])[], { direction, strength }: Axis): number[][] {
  return products.map((row, i) =>
    row.map((value, j) => value - strength * (direction[i] ?? 0) * (direction[j] ?? 0)),
  );
}

function unit(values: number[]): number[] {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

// An axis has no sign of its own; with this one the map does not turn over while dimensions change a little.
function withLargestPositive(direction: number[]): number[] {
  const largest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? direction.map((value) => -value) : direction;
}
