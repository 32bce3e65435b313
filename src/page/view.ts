// What is on screen at one length of the vectors, from the vectors at full length: similarities, and those to hold them
// against. Pure.

import { type Plane, projectToPlane } from './principal-axes.ts';
import type { RowKind } from './request.ts';
import { compare, cut, type Matrix, type Vector } from './vectors.ts';

export interface Compared {
  question: { rowKind: RowKind };
  rows: readonly Vector[];
  columns: readonly Vector[];
}

export interface View {
  dimensions: number;
  full: number;
  rowKind: RowKind;
  similarities: Matrix;
  /** The same with full vectors; null = they are full. */
  atFullLength: Matrix | null;
  /** The same with rows read as documents, as the columns are; null = they are. */
  withoutReading: Matrix | null;
  plane: Plane;
}

/** All rows with all columns at full length. */
export function compareWhole({ rows, columns }: Compared): Matrix {
  return compare(rows, columns, rows[0]?.length ?? 0);
}

/** `whole` is what `compareWhole` gives, which no length changes. */
export function compareAt({ question, rows, columns }: Compared, whole: Matrix, dimensions: number): View {
  const full = rows[0]?.length ?? 0;
  const isFull = dimensions === full;
  const { rowKind } = question;
  return {
    dimensions,
    full,
    rowKind,
    similarities: isFull ? whole : compare(rows, columns, dimensions),
    atFullLength: isFull ? null : whole,
    withoutReading: rowKind === 'plain' ? null : compare(columns, columns, dimensions),
    plane: projectToPlane(columns.map((vector) => cut(vector, dimensions))),
  };
}
