// Vectors that a test can foretell from the text alone, so that every answer can be checked, whoever gave it.
import {
  emptyProfile,
  type EmbedInput,
  type Embedder,
  type Embeddings,
  type ModelFacts,
} from '../../src/embedder.ts';
import { Fault } from '../../src/faults.ts';

export const KNOWN_MODEL: ModelFacts = {
  dimensions: 8,
  contextTokens: 4096,
  vocabularySize: 1000,
  layers: 2,
  weightsType: 'F32',
};

export function knownVector(input: EmbedInput, dimensions = KNOWN_MODEL.dimensions): number[] {
  const text = typeof input === 'string' ? input : input.join(' ');
  let state = 2166136261;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16777619) >>> 0;
  return Array.from({ length: dimensions }, (_, index) => Math.fround(((state >>> index) % 1024) / 1024));
}

/** Code points, and 0 at the end. */
function knownIds(text: string, special: boolean): number[] {
  return [...Array.from(text, (letter) => letter.codePointAt(0) ?? 0), ...(special ? [0] : [])];
}

export type Hook = (inputs: readonly EmbedInput[], signal?: AbortSignal) => Promise<void> | void;

/** `beforeAnswer` may wait, die or throw. */
export function openKnownEmbedder(beforeAnswer: Hook = () => undefined, model = KNOWN_MODEL): Embedder {
  const done = emptyProfile();
  return {
    model,
    async embed(inputs, options = {}): Promise<Embeddings> {
      await beforeAnswer(inputs, options.signal);
      if (options.signal?.aborted === true) throw new Fault('CANCELLED', {});
      done.texts += inputs.length;
      done.stageSeconds.decode += 0.5;
      const dimensions = options.dimensions ?? model.dimensions;
      return {
        vectors: Float32Array.from(inputs.flatMap((input) => knownVector(input, dimensions))),
        dimensions,
        tokenCounts: Uint32Array.from(inputs.map((input) => input.length + 1)),
        cutCount: 0,
      };
    },
    tokenise: (texts, { special }) => Promise.resolve(texts.map((text) => knownIds(text, special))),
    detokenise: (idLists) => Promise.resolve(idLists.map((ids) => String.fromCodePoint(...ids))),
    // A sum that nothing else here moves tells that the order came.
    forget: () => {
      done.batches += 1;
      return Promise.resolve();
    },
    profile: () => Promise.resolve(done),
    close: () => Promise.resolve(),
  };
}
