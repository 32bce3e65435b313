// The texts that the soak sends and the vectors that must come back, computed beforehand by one undisturbed engine.
import { relativeDifference } from '../../test/fixtures/vectors.ts';
import type { Lengths } from '../../src/bench/lengths.ts';
import { makeRandom } from '../../src/bench/random.ts';
import { makeSource } from '../../src/bench/texts.ts';
import { FAMILY_PROMPTS } from '../../src/server/request-rules.ts';
import { openCpuEngine } from '../measured-engine.ts';

export interface KnownText {
  text: string;
  /** The end token last. */
  ids: readonly number[];
  vector: Float32Array;
}

export interface Corpus {
  short: readonly KnownText[];
  /** Their vectors are those of the family's query prompt and the text. */
  queries: readonly KnownText[];
  long: readonly KnownText[];
  vocabularySize: number;
  contextTokens: number;
}

/** A text alone and the same text among others differ by less than this of the largest component, in e2e/engine.test.ts. */
export const TOLERANCE = 1e-3;

interface Portion {
  count: number;
  lengths: Lengths;
  prompt: string;
}

/** `long` is more than a batch, so that it is decoded in chunks. */
const PORTIONS: Record<'short' | 'queries' | 'long', Portion> = {
  short: { count: 600, lengths: { kind: 'lognormal', median: 10, sigma: 0.7, max: 60 }, prompt: '' },
  queries: {
    count: 100,
    lengths: { kind: 'lognormal', median: 8, sigma: 0.5, max: 30 },
    prompt: FAMILY_PROMPTS['query'] ?? '',
  },
  long: { count: 20, lengths: { kind: 'lognormal', median: 300, sigma: 0.15, max: 400 }, prompt: '' },
};

export async function openCorpus(modelFile: string, seed: number): Promise<Corpus> {
  const engine = openCpuEngine(modelFile, { threads: 1 });
  const { vocabularySize, contextTokens } = engine.model;
  const random = makeRandom(seed);
  const write = async ({ count, lengths, prompt }: Portion): Promise<KnownText[]> => {
    const source = makeSource({ kind: 'words', lengths, prefix: '' }, random);
    const texts = [...new Set(Array.from({ length: count }, () => JSON.parse(source()) as string))];
    const ids = await engine.tokenise(texts, { special: true });
    const { vectors, dimensions } = await engine.embed(texts.map((text) => prompt + text));
    return texts.map((text, i) => ({
      text,
      ids: ids[i] ?? [],
      vector: vectors.slice(i * dimensions, (i + 1) * dimensions),
    }));
  };
  try {
    const short = await write(PORTIONS.short);
    const queries = await write(PORTIONS.queries);
    const long = await write(PORTIONS.long);
    checkDistinct([...short, ...queries, ...long]);
    return { short, queries, long, vocabularySize, contextTokens };
  } finally {
    await engine.close();
  }
}

/** Else a vector that went to the wrong sender would pass for the right one. */
function checkDistinct(known: readonly KnownText[]): void {
  for (const [i, a] of known.entries())
    for (const b of known.slice(i + 1))
      if (relativeDifference(a.vector, b.vector) < 10 * TOLERANCE)
        throw new Error(`two texts have the same vector: ${JSON.stringify([a.text, b.text])}`);
}
