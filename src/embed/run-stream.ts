// A job in a pipe: rows in, JSONL rows with vectors out in the same order, nothing kept. Cannot be resumed.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

import { Fault } from '../faults.ts';
import { embedInOrder, type EmbedTexts } from './requests.ts';
import type { PickText, Row } from './row.ts';
import { renderJsonLine } from './write-json-lines.ts';

export interface EmbedStream {
  rows: AsyncIterable<Row>;
  pick: PickText;
  embed: EmbedTexts;
  vectorField: string;
  onRefusal: 'stop' | 'skip';
  batchTexts: number;
  inFlight: number;
  signal: AbortSignal;
  output: Writable;
  onRows: (rowsDone: number) => void;
  onSkipped: (row: Row, problem: string) => void;
}

/** Resolves with the number of rows. Faults: TEXT_REFUSED, ROW_UNFIT, FILE_UNREADABLE, those of the embedder. */
export async function runStream(stream: EmbedStream): Promise<number> {
  const { rows, pick, vectorField, output } = stream;
  let rowsDone = 0;
  const onRefusal = (row: Row, problem: string): void => {
    if (stream.onRefusal === 'stop') throw new Fault('TEXT_REFUSED', { problem, place: row.place });
    stream.onSkipped(row, problem);
  };
  for await (const batch of embedInOrder(rows, { ...stream, textOf: pick, onRefusal })) {
    const lines = batch.map(({ item, vector }) => {
      if (vector === null && pick(item) === null) onRefusal(item, 'it is empty');
      return renderJsonLine({ row: item, vector }, vectorField);
    });
    if (!output.write(Buffer.concat(lines))) await once(output, 'drain', { signal: stream.signal });
    rowsDone += batch.length;
    stream.onRows(rowsDone);
  }
  return rowsDone;
}
