// The work on a request that grows with its size, as functions that any thread can run: data in, data out.
// Knows no thread; threads.ts carries jobs to others, big-work.ts decides which go.

import type { ModelFacts } from '../embedder.ts';
import { isObject } from '../json-object.ts';
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
  /** Whether token ids are wanted as Int32Array, which another thread can give away: taking over 30 million took 2 s. */
  packsIds?: boolean;
}

/** Faults: those of parsing a request; VECTOR_NOT_FINITE. */
const JOBS = {
  parse: ({ bytes, ...terms }: ParseInput): EmbeddingsRequest => parseBody(parseJson(bytes), terms),
  parseEncode: ({ bytes, ...terms }: ParseInput): EmbeddingsRequest & { isList: boolean } => {
    const { body, isList } = translateEncodeBody(parseJson(bytes));
    return { ...parseBody(body, terms), isList };
  },
  parseTokenize: ({ bytes, rules }: ParseInput): TokenizeRequest =>
    parseTokenizeRequest(parseJson(bytes), rules),
  parseDetokenize: ({ bytes, model }: ParseInput): DetokenizeRequest =>
    parseDetokenizeRequest(parseJson(bytes), model),
  encode: (rows: Rows): Uint8Array[] => [...encodeRows(rows)],
};

function parseBody(
  body: unknown,
  { model, rules, packsIds = false }: Omit<ParseInput, 'bytes'>,
): EmbeddingsRequest {
  const request = parseEmbeddingsRequest(body, model, rules);
  if (!packsIds) return request;
  const inputs = request.inputs.map((input) => (typeof input === 'string' ? input : Int32Array.from(input)));
  return { ...request, inputs };
}

/** What of a result the thread that made it may give away; strings cannot move. */
export function buffersOf(value: unknown): ArrayBuffer[] {
  const pieces: unknown = isObject(value) ? value['inputs'] : value;
  if (!Array.isArray(pieces)) return [];
  return pieces.flatMap((piece) =>
    piece instanceof Uint8Array || piece instanceof Int32Array ? [piece.buffer as ArrayBuffer] : [],
  );
}

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
