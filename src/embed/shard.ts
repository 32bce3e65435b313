// Which rows are this process's part of a job array. Pure.
// Parts are consecutive, so their outputs put one after another are the output of a job that was not divided.
import { Fault } from '../faults.ts';

export interface Shard {
  /** From 0. */
  index: number;
  count: number;
}

export interface RowRange {
  start: number;
  /** The row after the last one. */
  end: number;
}

/** Reads "I/N" with I from 0 to N - 1, as indexed jobs count. Fault: BAD_OPTION. */
export function parseShard(text: string): Shard {
  const found = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(found?.[1]), Number(found?.[2])];
  if (found === null || index >= count)
    throw new Fault('BAD_OPTION', {
      option: `--shard ${text}`,
      problem: 'is not a part of a job',
      hint: 'write I/N with I from 0 to N-1: --shard 0/4, --shard 1/4, --shard 2/4, --shard 3/4',
    });
  return { index, count };
}

/** Parts differ by one row at most. */
export function rangeOf({ index, count }: Shard, rowCount: number): RowRange {
  const boundary = (part: number) => Math.floor((part * rowCount) / count);
  return { start: boundary(index), end: boundary(index + 1) };
}
