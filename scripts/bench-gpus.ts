// What several GPUs bring, by way of using them: a copy of the model on each (--dp-size) or one model over all
// (--tp-size). One JSON object per way: tokens/s over HTTP, the least cosine of its vectors to
// those of one GPU, what each GPU holds beside what the plan allows for, or the fault that ends it.
// `npm run bench:gpus -- --model FILE [--gpus 2] [--device cuda] [--llama-folder DIR] [--rounds 3] [--seconds 2]
//  [--ways 'one|dp|tp']`
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { parseLengths } from '../src/bench/lengths.ts';
import { makeRandom } from '../src/bench/random.ts';
import { makeSource } from '../src/bench/texts.ts';
import { leastCosine } from './figures.ts';
import { launchService, readCommand, runBench } from './launched-service.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    gpus: { type: 'string', default: '2' },
    device: { type: 'string', default: 'cuda' },
    'llama-folder': { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    ways: { type: 'string' },
  },
});

interface Way {
  args: readonly string[];
  env?: Record<string, string>;
}

/** The first is what the vectors of the others are held against. */
const WAYS: Record<string, Way> = {
  one: { args: [] },
  dp: { args: ['--dp-size', flags.gpus] },
  'one, llama.cpp': { args: ['--compute', 'llama'] },
  tp: { args: ['--tp-size', flags.gpus] },
};

/** Lengths leave out the end token. */
const LOADS = {
  short: ['-c', '32', '-b', '64', '--send', 'ids', '--text-tokens', '31'],
  medium: ['-c', '32', '-b', '8', '--send', 'ids', '--text-tokens', '511'],
};

const COMMON = [
  ...['--model-path', flags.model, '--device', flags.device],
  ...(flags['llama-folder'] === undefined ? [] : ['--llama-folder', flags['llama-folder']]),
];

/** Texts whose vectors are compared: of all lengths that a batch has, and one of several batches. */
const source = makeSource({ kind: 'ids', lengths: parseLengths('lognormal:60:500:8000') }, makeRandom(11));
const COMPARED = [...Array.from({ length: 96 }, source), `[${'17,'.repeat(5999)}18]`];

async function fetchVectors(url: string): Promise<Float32Array[]> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"model":"any","encoding_format":"base64","truncate":true,"input":[${COMPARED.join()}]}`,
  });
  if (!response.ok) throw new Error(await response.text());
  const { data } = (await response.json()) as { data: { embedding: string }[] };
  return data.map(
    ({ embedding }) => new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer),
  );
}

/** Megabytes in use on each GPU; null without NVIDIA's tool. */
function readUsedMegabytes(): number[] | null {
  try {
    const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
    const lines = execFileSync('nvidia-smi', query, { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => Math.round((Number(line) * 2 ** 20) / 1e6));
  } catch {
    return null;
  }
}

interface PlannedPlace {
  name: string;
  needed: Record<string, number>;
}

async function readPlan({ args, env }: Way): Promise<unknown> {
  const text = await readCommand(['launch', '--dry-run', '--json', ...COMMON, ...args], env);
  const { attempts } = JSON.parse(text) as { attempts: { compute: string; places: PlannedPlace[] }[] };
  const [attempt] = attempts;
  return {
    compute: attempt?.compute,
    places: attempt?.places.map(({ name, needed }) => {
      const megabytes = Object.entries(needed).map(([purpose, bytes]) => [purpose, Math.round(bytes / 1e6)]);
      const together = Object.values(needed).reduce((sum, bytes) => sum + bytes, 0);
      return {
        name,
        megabytes: Object.fromEntries(megabytes) as unknown,
        together: Math.round(together / 1e6),
      };
    }),
  };
}

async function measureLoad(url: string, load: readonly string[]): Promise<Record<string, unknown>> {
  const { legs } = await runBench(url, [...load, '--repeat', flags.rounds, '--duration', flags.seconds]);
  const { tokensPerSecond, failures } = legs[0]?.servers[0]?.summary ?? {};
  return { tokensPerSecond, failures };
}

async function measureWay(name: string, way: Way, reference: Float32Array[] | null): Promise<Float32Array[]> {
  const before = readUsedMegabytes();
  const started = performance.now();
  const { url, stop } = await launchService([...COMMON, ...way.args], way.env);
  const readySeconds = (performance.now() - started) / 1000;
  try {
    const vectors = await fetchVectors(url);
    const loads: Record<string, unknown> = {};
    for (const [load, args] of Object.entries(LOADS)) loads[load] = await measureLoad(url, args);
    const after = readUsedMegabytes();
    const usedMegabytes = after?.map((used, gpu) => used - (before?.[gpu] ?? 0)) ?? null;
    const least = reference === null ? null : leastCosine(reference, vectors);
    console.log(
      JSON.stringify({ way: name, ...way, readySeconds, loads, leastCosine: least, usedMegabytes }),
    );
    return vectors;
  } finally {
    await stop();
  }
}

// Node leaves without a word when nothing is left that could settle what is awaited.
let begun: string | null = null;
let isOver = false;
process.once('exit', (code) => {
  if (isOver) return;
  const fault = `this script ended with ${String(code)} in the midst of it`;
  console.log(JSON.stringify({ way: begun, fault }));
});

let reference: Float32Array[] | null = null;
for (const name of flags.ways?.split('|') ?? Object.keys(WAYS)) {
  const way = WAYS[name];
  if (way === undefined) throw new Error(`no way ${name}; there are: ${Object.keys(WAYS).join(' | ')}`);
  begun = name;
  try {
    console.log(JSON.stringify({ way: name, plan: await readPlan(way) }));
    const vectors: Float32Array[] = await measureWay(name, way, reference);
    reference ??= vectors;
  } catch (error) {
    console.log(JSON.stringify({ way: name, ...way, fault: error instanceof Error ? error.message : error }));
  }
}
isOver = true;
