// What programs hand to `embed`, checked before an embedder gets it: the server checks requests itself, a program's
// types are not there any more when it runs. Knows nothing of models but the length of their vectors.
import type { Embedder, EmbedInput, EmbedOptions } from './embedder.ts';
import { Fault } from './faults.ts';

/** The same embedder; `embed` rejects with INVALID_REQUEST what it could not be right for. */
export function checkCalls(embedder: Embedder): Embedder {
  return {
    get model() {
      return embedder.model;
    },
    async embed(inputs, options = {}) {
      checkInputs(inputs);
      checkDimensions(options, embedder.model.dimensions);
      return embedder.embed(inputs, options);
    },
    tokenise: (texts, options) => embedder.tokenise(texts, options),
    detokenise: (idLists, options) => embedder.detokenise(idLists, options),
    forget: () => embedder.forget(),
    profile: () => embedder.profile(),
    close: () => embedder.close(),
  };
}

function checkInputs(inputs: readonly EmbedInput[]): void {
  if (!Array.isArray(inputs)) throw invalid('input', 'the inputs are no array');
  const wrong = inputs.findIndex((input) => typeof input !== 'string' && !isList(input));
  if (wrong >= 0)
    throw invalid('input', `input ${String(wrong)} is neither a text nor an array of token ids`);
}

const isList = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value);

function checkDimensions({ dimensions }: EmbedOptions, most: number): void {
  if (dimensions === undefined) return;
  if (Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= most) return;
  throw invalid('dimensions', `dimensions is ${String(dimensions)}, no integer from 1 to ${String(most)}`);
}

function invalid(param: string, problem: string): Fault {
  const hint = 'embed takes an array of texts or of arrays of token ids, and options';
  return new Fault('INVALID_REQUEST', { param, problem, hint });
}
