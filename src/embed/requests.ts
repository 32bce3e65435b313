// Rows to vectors: requests of many texts, several in flight, results in the order of the rows.
// Knows texts and the function that embeds them, neither HTTP nor files.

import { Fault } from '../faults.ts';

/** Texts to vectors, all or none; rejects with TEXT_REFUSED where one of the texts is at fault, not the server. */
export type EmbedTexts = (texts: readonly string[], signal: AbortSignal) => Promise<readonly Float32Array[]>;

export interface RequestOptions<Item> {
  embed: EmbedTexts;
  /** null = nothing to embed: the item keeps its place and gets no vector. */
  textOf: (item: Item) => string | null;
  /** Called for an item whose text is refused; returns for "no vector", or throws. */
  onRefusal: (item: Item, problem: string) => void;
  batchTexts: number;
  inFlight: number;
  signal: AbortSignal;
}

export interface Embedded<Item> {
  item: Item;
  vector: Float32Array | null;
}

/** A request's texts together; a body stays far below every server's limit. */
const MOST_CHARACTERS = 500_000;

/** Vectors of a request at a time. The first failure ends everything: what is in flight is cancelled. */
export async function* embedInOrder<Item>(
  items: AsyncIterable<Item>,
  options: RequestOptions<Item>,
): AsyncGenerator<Embedded<Item>[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const inFlight: Promise<Embedded<Item>[]>[] = [];
  try {
    for await (const batch of takeBatches(items, options)) {
      const work = embedBatch(batch, { ...options, signal });
      // It may fail before its turn to be awaited.
      work.catch(() => undefined);
      inFlight.push(work);
      if (inFlight.length >= options.inFlight) yield await (inFlight.shift() as Promise<Embedded<Item>[]>);
    }
    for (const work of inFlight) yield await work;
  } finally {
    stop.abort();
    await Promise.allSettled(inFlight);
  }
}

async function* takeBatches<Item>(
  items: AsyncIterable<Item>,
  { textOf, batchTexts }: RequestOptions<Item>,
): AsyncGenerator<{ item: Item; text: string | null }[]> {
  let batch: { item: Item; text: string | null }[] = [];
  let characters = 0;
  for await (const item of items) {
    const text = textOf(item);
    const length = text?.length ?? 0;
    if (batch.length >= batchTexts || (batch.length > 0 && characters + length > MOST_CHARACTERS)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push({ item, text });
    characters += length;
  }
  if (batch.length > 0) yield batch;
}

type Batch<Item> = readonly { item: Item; text: string | null }[];

async function embedBatch<Item>(
  batch: Batch<Item>,
  options: RequestOptions<Item>,
): Promise<Embedded<Item>[]> {
  const asked = batch.filter(({ text }) => text !== null);
  const vectors = new Map<Item, Float32Array | null>();
  await embedHalves(asked as { item: Item; text: string }[], options, vectors);
  return batch.map(({ item }) => ({ item, vector: vectors.get(item) ?? null }));
}

/** A refused request is halved until the text at fault stands alone; the others are embedded on the way. */
async function embedHalves<Item>(
  batch: readonly { item: Item; text: string }[],
  options: RequestOptions<Item>,
  vectors: Map<Item, Float32Array | null>,
): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  const { embed, signal, onRefusal } = options;
  try {
    const texts = batch.map(({ text }) => text);
    const embedded = await embed(texts, signal);
    for (const [index, { item }] of batch.entries()) vectors.set(item, embedded[index] ?? null);
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'TEXT_REFUSED')) throw error;
    if (batch.length === 1) {
      onRefusal(first.item, (error as Fault<'TEXT_REFUSED'>).params.problem);
      return;
    }
    const half = batch.length >> 1;
    await embedHalves(batch.slice(0, half), options, vectors);
    await embedHalves(batch.slice(half), options, vectors);
  }
}
