// Where the time of one text alone goes: the same text through one more part of the way after another, in turns within
// one run. What a row takes more than the row above it is what the part between them costs.
//   decode   a lane of the engine, in this process      engine   with tokens, queue and normalising
//   pool     the engine in a worker process             service  behind the HTTP server of another process
//   floor    beside them: an HTTP server that does nothing but answer as many bytes
// p50 in microseconds of each round; processor time per request of every process, where Linux tells it.
// `npm run bench:hops -- --model FILE [--device cuda] [--llama-folder DIR] [--tokens 32 | --tokens lognormal:16:40]
// [--rounds 5] [--requests 200]`
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from '../src/bench/client.ts';
import { parseLengths, takeLength } from '../src/bench/lengths.ts';
import { makeRandom } from '../src/bench/random.ts';
import { summarise } from '../src/bench/statistics.ts';
import { parseEndpoint } from '../src/client/endpoint.ts';
import { emptyProfile, type Embedder } from '../src/embedder.ts';
import { openCompute } from '../src/engine/compute.ts';
import { openEngine, type EngineSettings } from '../src/engine/engine.ts';
import { planTextLane } from '../src/engine/lane-shapes.ts';
import { findLibraries } from '../src/engine/libraries.ts';
import { openLlama } from '../src/engine/llama-abi.ts';
import { readModelFile } from '../src/engine/model-file.ts';
import { openPool } from '../src/pool/pool.ts';
import { settingsOf } from './measured-engine.ts';
import { workersOf } from './processes.ts';

const CLI = fileURLToPath(new URL('../../bin/qwen-embed.js', import.meta.url));
const WORKER = fileURLToPath(new URL('../src/worker/main.js', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    device: { type: 'string', default: 'cpu' },
    'llama-folder': { type: 'string' },
    tokens: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '200' },
  },
});

const lengths = parseLengths(flags.tokens);
const random = makeRandom(1);
const file = readModelFile(flags.model);
const { dimensions, vocabularySize } = file.facts;

/** A text that is alone needs one lane, and on a CPU one thread. */
const settings: EngineSettings = {
  ...settingsOf({ modelFile: flags.model, device: flags.device, libraryFolder: flags['llama-folder'] }),
  lanes: 1,
  ...(flags.device === 'cpu' ? { threads: 1 } : {}),
};

/** A part of the way: what sends one text through it, and the processes that work on it. */
interface Way {
  name: string;
  send: (tokens: number[]) => Promise<unknown>;
  processes: () => Record<string, number>;
}

const own = { client: process.pid };
const children: ChildProcess[] = [];

function openDecode(): Way {
  const llama = openLlama(findLibraries(settings.backend, flags['llama-folder']), () => undefined);
  const lane = openCompute({ ...settings, llama, file, profile: emptyProfile() }).openLane(
    planTextLane(settings),
  );
  const send = (tokens: number[]) =>
    lane.decodeTexts(
      [{ tokens: Int32Array.from([...tokens, file.endToken]), prefix: null }],
      () => undefined,
    );
  return { name: 'decode', send, processes: () => own };
}

function embedderWay(name: string, embedder: Embedder): Way {
  const processes = () => {
    const [worker = 0] =
      name === 'pool'
        ? workersOf(process.pid).filter((pid) => !children.some((child) => child.pid === pid))
        : [];
    return worker === 0 ? own : { ...own, worker };
  };
  return { name, send: (tokens) => embedder.embed([tokens]), processes };
}

const openPoolWay = async (): Promise<Way> =>
  embedderWay('pool', await openPool({ workerCount: 1, workerEntry: WORKER, settings: () => settings }));

/** Starts a program and waits until it prints its URL. */
async function startServer(args: string[]): Promise<{ url: string; pid: number }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, pid: child.pid ?? 0 };
  }
  throw new Error('a server ended before it was ready');
}

async function httpWay(name: string, args: string[]): Promise<Way> {
  const { url, pid } = await startServer(args);
  const client = new Client({
    endpoint: parseEndpoint('--url', url),
    connections: 1,
    timeoutMs: 10_000,
    apiKey: null,
    checkVectors: false,
  });
  const send = async (tokens: number[]) => {
    const outcome = await client.embed(JSON.stringify({ input: tokens, encoding_format: 'base64' }), 1);
    if (!outcome.ok) throw new Error(outcome.code);
  };
  const [worker] = workersOf(pid);
  return {
    name,
    send,
    processes: () => ({ ...own, front: pid, ...(worker === undefined ? {} : { worker }) }),
  };
}

const openService = (): Promise<Way> =>
  httpWay('service', [
    CLI,
    'launch',
    ...['--model-path', flags.model, '--device', flags.device, '--port', '0', '--log-level', 'warning'],
    ...(flags['llama-folder'] === undefined ? [] : ['--llama-folder', flags['llama-folder']]),
  ]);

/** An answer of the service's size, by node:http alone. */
function openFloor(): Promise<Way> {
  const embedding = Buffer.from(new Float32Array(dimensions).buffer).toString('base64');
  const body = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":"${embedding}"}],"usage":{"prompt_tokens":1}}`;
  const program = `
    const body = ${JSON.stringify(body)};
    require('node:http').createServer((request, response) => {
      request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(body));
    }).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port); });`;
  return httpWay('floor', ['-e', program]);
}

/** Nanoseconds that all threads of a process have run; 0 where nobody tells. */
function readCpu(pid: number): number {
  try {
    const tasks = `/proc/${String(pid)}/task`;
    const read = (id: string) => Number(readFileSync(`${tasks}/${id}/schedstat`, 'utf8').split(' ')[0]);
    return readdirSync(tasks)
      .map(read)
      .reduce((sum, spent) => sum + spent, 0);
  } catch {
    return 0;
  }
}

let seed = 1;
const makeTokens = (): number[] =>
  Array.from(
    { length: Math.max(takeLength(lengths, random) - 1, 1) },
    () => (seed = (seed * 48_271) % 2_147_483_647) % (vocabularySize - 1000),
  );

interface RoundFigures {
  p50: number;
  cpu: Record<string, number>;
}

async function measureRound({ send, processes }: Way): Promise<RoundFigures> {
  const requests = Number(flags.requests);
  const times: number[] = [];
  const ids = Object.entries(processes());
  const before = ids.map(([, pid]) => readCpu(pid));
  for (let i = 0; i < requests; i++) {
    const tokens = makeTokens();
    const startMs = performance.now();
    await send(tokens);
    times.push(1000 * (performance.now() - startMs));
  }
  const cpu = ids.map(
    ([name, pid], i) => [name, (readCpu(pid) - (before[i] ?? 0)) / 1000 / requests] as const,
  );
  return { p50: middle(times), cpu: Object.fromEntries(cpu) };
}

const middle = (values: readonly number[]) => summarise(values)?.median ?? NaN;
const spread = (values: readonly number[]) => summarise(values.map(Math.round));

const ways = [
  openDecode(),
  embedderWay('engine', openEngine(settings)),
  await openPoolWay(),
  await openService(),
  await openFloor(),
];
try {
  const rounds = new Map<Way, RoundFigures[]>(ways.map((way) => [way, []]));
  // The first round is for the compiler.
  for (let round = 0; round <= Number(flags.rounds); round++)
    for (const [way, list] of rounds) {
      const figures = await measureRound(way);
      if (round > 0) list.push(figures);
    }
  for (const [{ name }, list] of rounds) {
    const names = Object.keys(list[0]?.cpu ?? {});
    const cpuMicros = Object.fromEntries(
      names.map((id) => [id, spread(list.map(({ cpu }) => cpu[id] ?? 0))]),
    );
    console.log(JSON.stringify({ way: name, p50Micros: spread(list.map(({ p50 }) => p50)), cpuMicros }));
  }
} finally {
  for (const child of children) child.kill('SIGTERM');
  process.exit(0);
}
