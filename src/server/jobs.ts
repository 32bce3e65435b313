// The work on a request that grows with its size, as functions that any thread can run: data in, data out.
// Knows no thread; threads.ts carries jobs to others, big-work.ts decides which go.

import type { ModelFacts } from '../embedder.ts';
import { parseEmbeddingsRequest, type EmbeddingsRequest } from './embeddings-request.ts';
import { translateEncodeBody } from './encode-request.ts';
import { encodeRows, type Rows } from './encode.ts';
import { parseJson } from './json-body.ts';
import type { RequestRules } from './request-rules.ts';
import {
  type DetokenizeRequest,
  parseDetokenizeRequest,
  parseTokenizeRequest,
  type TokenizeRequest,
} from './token-requests.ts';

export interface ParseInput {
  bytes: Uint8Array | undefined;
  model: ModelFacts;
  rules: RequestRules;
}

/** Faults: those of parsing a request; VECTOR_NOT_FINITE. */
const JOBS = {
  parse: ({ bytes, model, rules }: ParseInput): EmbeddingsRequest =>
    parseEmbeddingsRequest(parseJson(bytes), model, rules),
  parseEncode: ({ bytes, model, rules }: ParseInput): EmbeddingsRequest & { isList: boolean } => {
    const { body, isList } = translateEncodeBody(parseJson(bytes));
    return { ...parseEmbeddingsRequest(body, model, rules), isList };
  },
  parseTokenize: ({ bytes, rules }: ParseInput): TokenizeRequest =>
    parseTokenizeRequest(parseJson(bytes), rules),
  parseDetokenize: ({ bytes, model }: ParseInput): DetokenizeRequest =>
    parseDetokenizeRequest(parseJson(bytes), model),
  encode: (rows: Rows): Uint8Array[] => [...encodeRows(rows)],
};

export type JobName = keyof typeof JOBS;
export type ParseName = Exclude<JobName, 'encode'>;
export type JobInput<Name extends JobName> = Parameters<(typeof JOBS)[Name]>[0];
export type JobResult<Name extends JobName> = ReturnType<(typeof JOBS)[Name]>;

export interface Done<Value> {
  value: Value;
  /** How long the work itself took, wherever it was done. */
  seconds: number;
}

export function runJob<Name extends JobName>(name: Name, input: JobInput<Name>): Done<JobResult<Name>> {
  // The pairing of a name with its input is lost on the compiler, as with any table of functions.
  const run = JOBS[name] as (input: JobInput<Name>) => JobResult<Name>;
  const startMs = performance.now();
  const value = run(input);
  return { value, seconds: (performance.now() - startMs) / 1000 };
}
