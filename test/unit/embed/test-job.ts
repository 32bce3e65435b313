// A job on files in a temporary folder, with an embedder that needs no server: vectors that depend only on the text.
import { Readable } from 'node:stream';

import { inputFormatOf } from '../../../src/embed/inputs.ts';
import { outputFormatOf } from '../../../src/embed/outputs.ts';
import type { EmbedTexts } from '../../../src/embed/requests.ts';
import { makePicker } from '../../../src/embed/row.ts';
import { runJob, type EmbedJob, type JobEvent, type JobResult } from '../../../src/embed/run-job.ts';
import { Fault } from '../../../src/faults.ts';
import { fakeVector } from '../../fixtures/fake-embedder.ts';

export const DIMENSIONS = 8;

export const vectorOf = (text: string): Float32Array => fakeVector(text, DIMENSIONS);

/** Refuses texts that contain "refuse", as a server refuses one that is too long. */
export const embedTexts: EmbedTexts = (texts) => {
  if (texts.some((text) => text.includes('refuse')))
    return Promise.reject(new Fault('TEXT_REFUSED', { problem: 'too long' }));
  return Promise.resolve(texts.map(vectorOf));
};

export type JobChanges = Partial<Omit<EmbedJob, 'output'>> & { vectorField?: string; events?: JobEvent[] };

/** Runs a job from one file to another, formats by their endings, text in the field `text`. */
export function runTestJob(input: string, output: string, changes: JobChanges = {}): Promise<JobResult> {
  const { vectorField = 'embedding', events = [], ...rest } = changes;
  return runJob({
    inputs: [{ path: input, format: inputFormatOf(input) }],
    pick: makePicker({ field: 'text' }),
    shard: { index: 0, count: 1 },
    output: { path: output, format: outputFormatOf(output), vectorField },
    description: { field: 'text' },
    embed: embedTexts,
    dimensions: DIMENSIONS,
    onRefusal: 'stop',
    batchTexts: 3,
    inFlight: 2,
    overwrite: false,
    restart: false,
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    report: (event) => events.push(event),
    ...rest,
  });
}
