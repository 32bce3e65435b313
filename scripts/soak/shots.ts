// The kinds of requests that the soak sends, as a table: how often, what is sent, what must come back.
// Pure; who sends and judges is sender.ts.
import type { Random } from '../../src/bench/random.ts';
import type { Corpus, KnownText } from './corpus.ts';

export type Expectation =
  | { kind: 'vectors'; vectors: readonly Float32Array[] }
  | { kind: 'tokens'; idLists: readonly (readonly number[])[] }
  | { kind: 'refusal'; status: number; code: string }
  /** The sender hangs up after so long. */
  | { kind: 'none'; afterMs: number };

export interface Shot {
  path: string;
  body: string;
  expected: Expectation;
  /** What `content-length` says where that is not the body's length. */
  announcedBytes?: number;
}

interface Kind {
  /** Of all requests; the shares add up to 1. */
  share: number;
  make: (corpus: Corpus, random: Random) => Shot;
}

const EMBEDDINGS = '/v1/embeddings';

const pick = <Item>(items: readonly Item[], random: Random): Item =>
  items[Math.floor(random() * items.length)] as Item;

const pickMany = (corpus: Corpus, random: Random, most: number): KnownText[] =>
  Array.from({ length: 2 + Math.floor(random() * (most - 1)) }, () =>
    random() < 0.01 ? pick(corpus.long, random) : pick(corpus.short, random),
  );

const ask = (known: readonly KnownText[], fields: Record<string, unknown> = {}): Shot => ({
  path: EMBEDDINGS,
  body: JSON.stringify({
    input: known.length === 1 ? known[0]?.text : known.map(({ text }) => text),
    ...fields,
  }),
  expected: { kind: 'vectors', vectors: known.map(({ vector }) => vector) },
});

const BASE64 = { encoding_format: 'base64' };

const refused = (fields: unknown, code = 'invalid_request'): Shot => ({
  path: EMBEDDINGS,
  body: typeof fields === 'string' ? fields : JSON.stringify(fields),
  expected: { kind: 'refusal', status: 400, code },
});

/** The corpus's vectors are whole; what is asked for is their beginning, normalised again. */
function cut(vector: Float32Array, dimensions: number): Float32Array {
  const part = vector.slice(0, dimensions);
  const length = Math.hypot(...part);
  return part.map((value) => value / length);
}

const KINDS: Readonly<Record<string, Kind>> = {
  single: { share: 0.3, make: (corpus, random) => ask([pick(corpus.short, random)]) },
  'single, base64': { share: 0.23, make: (corpus, random) => ask([pick(corpus.short, random)], BASE64) },
  query: {
    share: 0.1,
    make: (corpus, random) => ask([pick(corpus.queries, random)], { input_type: 'query', ...BASE64 }),
  },
  'short vector': {
    share: 0.04,
    make: (corpus, random) => {
      const { text, vector } = pick(corpus.short, random);
      const expected = { kind: 'vectors', vectors: [cut(vector, 32)] } as const;
      return { ...ask([]), body: JSON.stringify({ input: text, dimensions: 32 }), expected };
    },
  },
  'token ids': {
    share: 0.05,
    make: (corpus, random) => {
      const known = pickMany(corpus, random, 3);
      return { ...ask(known), body: JSON.stringify({ input: known.map(({ ids }) => ids), ...BASE64 }) };
    },
  },
  tokenize: {
    share: 0.02,
    make: (corpus, random) => {
      const known = pickMany(corpus, random, 4);
      return {
        path: '/tokenize',
        body: JSON.stringify({ prompt: known.map(({ text }) => text) }),
        expected: { kind: 'tokens', idLists: known.map(({ ids }) => ids) },
      };
    },
  },
  batch: { share: 0.05, make: (corpus, random) => ask(pickMany(corpus, random, 16)) },
  'batch, base64': { share: 0.09, make: (corpus, random) => ask(pickMany(corpus, random, 32), BASE64) },
  bulk: { share: 0.002, make: (corpus, random) => ask(pickMany(corpus, random, 512), BASE64) },
  long: { share: 0.01, make: (corpus, random) => ask([pick(corpus.long, random)], BASE64) },
  'sender hangs up': {
    share: 0.04,
    make: (corpus, random) => ({
      ...ask(pickMany(corpus, random, 16)),
      expected: { kind: 'none', afterMs: Math.ceil(60 * random()) },
    }),
  },
  'no JSON': { share: 0.01, make: () => refused('{"input": "unfinished') },
  'empty text': { share: 0.01, make: () => refused({ input: ['a', ''] }, 'input_empty') },
  'wrong dimensions': { share: 0.01, make: () => refused({ input: 'a', dimensions: 1e6 }) },
  'too many texts': {
    share: 0.002,
    make: () => refused({ input: Array.from({ length: 2049 }, () => 'a') }, 'too_many_inputs'),
  },
  'id outside the vocabulary': {
    share: 0.01,
    make: ({ vocabularySize }) => refused({ input: [1, vocabularySize] }),
  },
  'too long a text': {
    share: 0.006,
    make: ({ contextTokens }) =>
      refused({ input: 'a '.repeat(contextTokens + 1) }, 'context_length_exceeded'),
  },
  'too large a body': {
    share: 0.02,
    make: () => ({
      ...refused({ input: 'a' }),
      announcedBytes: 2 ** 30,
      expected: { kind: 'refusal', status: 413, code: 'body_too_large' },
    }),
  },
};

/** The next request and the name of its kind. */
export function takeShot(corpus: Corpus, random: Random): { kind: string; shot: Shot } {
  let left = random();
  for (const [kind, { share, make }] of Object.entries(KINDS)) {
    left -= share;
    if (left < 0) return { kind, shot: make(corpus, random) };
  }
  return { kind: 'single', shot: ask([pick(corpus.short, random)]) };
}
