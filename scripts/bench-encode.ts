// Cost of reading big requests and writing big answers, alone and in a server that must go on accepting: how long its
// loop is held up at the longest.
// `npm run bench:encode -- [--rounds N] [--rows N] [--dimensions N] [--characters N] [--json]`
// The client runs in a thread of its own; the embedder answers at once, after what a pool does on the same loop.
import { request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { summarise, type Spread } from '../src/bench/statistics.ts';
import { emptyProfile, type Embedder } from '../src/embedder.ts';
import { RequestWriter } from '../src/pool/request-writer.ts';
import type { EncodingFormat, Frame } from '../src/server/encode.ts';
import { runJob, type JobInput, type JobName } from '../src/server/jobs.ts';
import { PLAIN_RULES } from '../src/server/request-rules.ts';
import { openServer, type Server } from '../src/server/server.ts';
import { Threads } from '../src/server/threads.ts';
import { describeMachine } from './figures.ts';

const FRAME: Frame = { shape: 'openai', modelId: 'm' };

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '2048' },
    dimensions: { type: 'string', default: '2560' },
    characters: { type: 'string', default: '1500' },
    json: { type: 'boolean', default: false },
  },
});
const CHARACTERS = Number(flags.characters);
const WARM_UPS = 2;
const WORDS = ['vector', 'of', 'naïve', 'text,', '"quoted"', 'and', 'plain', 'words\n'];
const SWEPT_KILOBYTES = [16, 32, 64, 128, 256, 512, 1024];

interface Order {
  url: string;
  body: string;
}

// The client: one request per order; answers how many milliseconds it took.
function serveClient(): void {
  parentPort?.on('message', ({ url, body }: Order) => {
    const startMs = performance.now();
    const headers = { 'content-type': 'application/json' };
    const sent = request(url, { method: 'POST', headers }, (answer) => {
      answer.resume().once('end', () => {
        parentPort?.postMessage(answer.statusCode === 200 ? performance.now() - startMs : null);
      });
    });
    sent.end(body);
  });
}

async function measureAll(): Promise<void> {
  const [rounds, rows, dimensions] = [Number(flags.rounds), Number(flags.rows), Number(flags.dimensions)];
  const vectors = makeVectors(rows, dimensions);
  const texts = makeBody(rows, 'float');
  const figures: Record<string, Spread> = {};
  for (const format of ['float', 'base64'] as const) {
    const encode = { vectors, dimensions, firstIndex: 0, encodingFormat: format, frame: FRAME };
    figures[`write ${format}, CPU ms`] = await repeat(rounds, () => timeJob('encode', encode));
  }
  const parse = { bytes: Buffer.from(texts), model: modelOf(dimensions), rules: PLAIN_RULES };
  figures['read, CPU ms'] = await repeat(rounds, () => timeJob('parse', parse));
  Object.assign(figures, await measureServer({ rounds, rows, dimensions, vectors }));
  Object.assign(figures, await measureHops(rounds));
  report({ figures, rows, dimensions, requestBytes: Buffer.byteLength(texts), json: flags.json });
}

// CPU time: what others do on this machine does not count.
function timeJob<Name extends JobName>(name: Name, input: JobInput<Name>): Promise<number> {
  const before = process.cpuUsage();
  runJob(name, input);
  const { user, system } = process.cpuUsage(before);
  return Promise.resolve((user + system) / 1000);
}

interface ServerPlan {
  rounds: number;
  rows: number;
  dimensions: number;
  vectors: Float32Array;
}

async function measureServer({ rounds, rows, ...shape }: ServerPlan): Promise<Record<string, Spread>> {
  const figures: Record<string, Spread> = {};
  const client = new Worker(new URL(import.meta.url));
  const server = await openServer({ host: '127.0.0.1', port: 0, model: { id: 'm', createdUnixSeconds: 1 } });
  try {
    for (const [name, count, format] of [
      ['answer of floats', rows, 'float'],
      ['answer of base64', rows, 'base64'],
      ['request alone', 1, 'base64'],
    ] as const) {
      server.serve(stubEmbedder(shape, count));
      const order = { url: `${server.url}/v1/embeddings`, body: makeBody(rows, format) };
      const blocks: number[] = [];
      const wholes = await repeat(rounds, async () => {
        const { wholeMs, blockMs } = await exchange(client, order);
        blocks.push(blockMs);
        return wholeMs;
      });
      figures[`${name}: whole exchange, ms`] = wholes;
      figures[`${name}: longest block of the loop, ms`] = figureOf(blocks.slice(WARM_UPS));
    }
  } finally {
    await closeAll(client, server);
  }
  return figures;
}

async function closeAll(client: Worker, server: Server): Promise<void> {
  await client.terminate();
  await server.close();
}

async function exchange(client: Worker, order: Order): Promise<{ wholeMs: number; blockMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const wholeMs = await new Promise<number | null>((resolve) => {
    client.once('message', resolve);
    client.postMessage(order);
    delays.enable();
  });
  delays.disable();
  if (wholeMs === null) throw new Error('the server refused the request');
  return { wholeMs, blockMs: delays.max / 1e6 };
}

// The price of another thread, against doing the same here.
async function measureHops(rounds: number): Promise<Record<string, Spread>> {
  const figures: Record<string, Spread> = {};
  const threads = new Threads({ count: 1 });
  for (const kilobytes of SWEPT_KILOBYTES) {
    const dimensions = 1024;
    const rows = Math.max(1, Math.round((kilobytes * 1024) / (dimensions * 12.5)));
    const rowsInput = {
      vectors: makeVectors(rows, dimensions),
      dimensions,
      firstIndex: 0,
      encodingFormat: 'float' as const,
      frame: FRAME,
    };
    const bytes = Buffer.from(makeBody(Math.max(1, Math.round((kilobytes * 1024) / CHARACTERS)), 'float'));
    const model = modelOf(dimensions);
    const size = `${String(kilobytes).padStart(4)} KB`;
    const many = rounds * 20;
    figures[`write ${size} here, ms`] = await repeat(many, () => timed(() => runJob('encode', rowsInput)));
    figures[`write ${size} in a thread, ms`] = await repeat(many, () =>
      timed(() => threads.run('encode', rowsInput)),
    );
    figures[`read ${size} here, ms`] = await repeat(many, () =>
      timed(() => runJob('parse', { bytes, model, rules: PLAIN_RULES })),
    );
    figures[`read ${size} in a thread, ms`] = await repeat(many, () =>
      timed(() => threads.run('parse', { bytes: new Uint8Array(bytes), model, rules: PLAIN_RULES })),
    );
  }
  await threads.close();
  return figures;
}

async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function repeat(rounds: number, measure: () => Promise<number>): Promise<Spread> {
  const all: number[] = [];
  for (let round = 0; round < rounds + WARM_UPS; round += 1) all.push(await measure());
  return figureOf(all.slice(WARM_UPS));
}

function figureOf(values: readonly number[]): Spread {
  return summarise(values) ?? { median: NaN, min: NaN, max: NaN };
}

const modelOf = (dimensions: number) => ({
  ...{ dimensions, contextTokens: 32_768, vocabularySize: 151_669 },
  ...{ layers: 28, weightsType: 'Q8_0' },
});

/** Unit vectors in shared memory, as a pool hands them over. */
function makeVectors(rows: number, dimensions: number): Float32Array {
  const vectors = new Float32Array(new SharedArrayBuffer(4 * rows * dimensions));
  let state = 1;
  for (let i = 0; i < vectors.length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    vectors[i] = ((state / 2 ** 31 - 1) * Math.sqrt(3)) / Math.sqrt(dimensions);
  }
  return vectors;
}

function makeBody(rows: number, format: EncodingFormat): string {
  const input = Array.from({ length: rows }, (_, row) => {
    let text = String(row);
    for (let word = row; text.length < CHARACTERS; word += 1) text += ` ${WORDS[word % WORDS.length] ?? ''}`;
    return text.slice(0, CHARACTERS);
  });
  return JSON.stringify({ input, model: 'm', encoding_format: format });
}

function stubEmbedder(shape: Pick<ServerPlan, 'dimensions' | 'vectors'>, answered: number): Embedder {
  const { dimensions, vectors } = shape;
  const writer = new RequestWriter();
  return {
    model: modelOf(dimensions),
    embed: async (inputs) => {
      await writer.write({ inputs, dimensions: null, longText: null, priority: 0, requestId: null });
      const tokenCounts = new Uint32Array(answered).fill(400);
      return {
        vectors: vectors.subarray(0, answered * dimensions),
        dimensions,
        tokenCounts,
        cutCount: 0,
      };
    },
    tokenise: () => Promise.resolve([]),
    detokenise: () => Promise.resolve([]),
    forget: () => Promise.resolve(),
    profile: () => Promise.resolve(emptyProfile()),
    close: () => Promise.resolve(),
  };
}

interface Report {
  figures: Record<string, Spread>;
  rows: number;
  dimensions: number;
  requestBytes: number;
  json: boolean;
}

function report({ figures, json, ...plan }: Report): void {
  const machine = describeMachine();
  if (json) {
    console.log(JSON.stringify({ machine, ...plan, figures }));
    return;
  }
  const { rows, dimensions, requestBytes } = plan;
  const megabytes = (requestBytes / 1e6).toFixed(1);
  console.log(machine);
  console.log(
    `${String(rows)} vectors of ${String(dimensions)}, ${String(CHARACTERS)} characters each (${megabytes} MB)`,
  );
  for (const [name, { median, min, max }] of Object.entries(figures)) {
    const spread = `${min.toFixed(2)} .. ${max.toFixed(2)}`;
    console.log(`${name.padEnd(50)} ${median.toFixed(2).padStart(9)}   (${spread})`);
  }
}

if (isMainThread) await measureAll();
else serveClient();
