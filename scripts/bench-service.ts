// The figures of docs/performance.md that are taken over HTTP: launches the service, runs rows of LOADS against it with
// `qwen-embed bench`, five rounds each, and prints one JSON object per row. `memory` sends 200,000 texts instead and
// tells what the processes hold after each tenth of them (Linux only).
// `npm run bench:service -- --model FILE [--device cuda] [--llama-folder DIR] [--compute auto] [--loads short,mixed]
//  [--rounds 5] [--seconds 3] [--input-file IDS] [-- OPTIONS OF BENCH]`
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { launchService, runBench } from './launched-service.ts';
import { workersOf } from './processes.ts';

const TASK =
  'Given a web search query, retrieve relevant passages that answer the query and say where they come from';

const ids = (clients: number, batchSize: number, lengths: string) =>
  ['-c', String(clients), '-b', String(batchSize), '--send', 'ids', '--text-tokens', lengths] as const;

/** Lengths leave out the end token, which the server appends. */
const LOADS: Record<string, readonly string[]> = {
  short: ids(16, 64, '31'),
  medium: ids(16, 8, '511'),
  long: ids(4, 2, '8191'),
  mixed: ids(16, 32, 'lognormal:60:500:8000'),
  instructed: ['-c', '16', '-b', '64', '--text-tokens', '12', '--instruct', TASK],
  alone: ids(1, 1, '31'),
  'queries alone': ids(1, 1, 'lognormal:14:40'),
  'queries of 8': ids(8, 1, 'lognormal:14:40'),
  words: ['-c', '2', '-b', '64', '--text-tokens', '7'],
  'single words': ['-c', '16', '-b', '1', '--text-tokens', '7'],
  'alone as text': ['-c', '1', '-b', '1', '--text-tokens', '31'],
  ...Object.fromEntries([1, 8, 64, 256, 1024].map((n) => [`${String(n)} connections`, ids(n, 1, '31')])),
};

const MEMORY_STEPS = 10;
const MEMORY_STEP_TEXTS = 20_000;
/** Of many lengths, so that hardly two batches have one shape. */
const MEMORY_LOAD = ids(16, 64, 'lognormal:24:60');

const { values: flags, positionals: more } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
    'llama-folder': { type: 'string' },
    compute: { type: 'string', default: 'auto' },
    loads: { type: 'string', default: Object.keys(LOADS).join(',') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    /** For `mixed`: the same lengths as another program's. */
    'input-file': { type: 'string' },
  },
});

const { model = '', device, compute } = flags;
const folder = flags['llama-folder'];
const LAUNCH_ARGS = [
  ...['--model-path', model, '--device', device, '--compute', compute],
  ...(folder === undefined ? [] : ['--llama-folder', folder]),
];

async function runLoad(url: string, name: string): Promise<void> {
  const load = LOADS[name];
  if (load === undefined)
    throw new Error(`no load ${name}; there are ${Object.keys(LOADS).join(', ')}, memory`);
  const file = flags['input-file'];
  const args = [
    ...load,
    ...['--repeat', flags.rounds, '--duration', flags.seconds],
    ...(name === 'mixed' && file !== undefined ? ['--input-file', file] : []),
    ...more,
  ];
  const { command, legs } = await runBench(url, args);
  for (const { servers, ratio } of legs) console.log(JSON.stringify({ load: name, command, servers, ratio }));
}

/** Bytes of a process. */
interface Resident {
  all: number;
  /** Of its own: heaps and stacks. The rest is mapped: files, drivers. */
  anonymous: number;
}

function readResident(pid: number): Resident {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const read = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { all: read('VmRSS'), anonymous: read('RssAnon') };
}

async function runMemory(url: string, pid: number): Promise<void> {
  const samples = [];
  for (let step = 1; step <= MEMORY_STEPS; step++) {
    const seed = ['--seed', String(step), '--repeat', '1', '--texts', String(MEMORY_STEP_TEXTS)];
    const { legs } = await runBench(url, [...MEMORY_LOAD, ...seed]);
    const { failures } = legs[0]?.servers[0]?.summary ?? {};
    const [front, workers] = [readResident(pid), workersOf(pid).map(readResident)];
    samples.push({ texts: step * MEMORY_STEP_TEXTS, failures, front, workers });
  }
  console.log(JSON.stringify({ load: 'memory', samples }));
}

const { url, pid, stop } = await launchService(LAUNCH_ARGS);
try {
  for (const name of flags.loads.split(',')) {
    if (name === 'memory') await runMemory(url, pid);
    else await runLoad(url, name);
  }
} finally {
  await stop();
}
