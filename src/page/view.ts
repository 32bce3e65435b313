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

export function compareResult({ question, rows, columns }: Compared, dimensions: number): View {
  const full = rows[0]?.length ?? 0;
  const { rowKind } = question;
  return {
    dimensions,
    full,
    rowKind,
    similarities: compare(rows, columns, dimensions),
    atFullLength: dimensions === full ? null : compare(rows, columns, full),
    withoutReading: rowKind === 'plain' ? null : compare(columns, columns, dimensions),
    plane: projectToPlane(columns.map((vector) => cut(vector, dimensions))),
  };
}
