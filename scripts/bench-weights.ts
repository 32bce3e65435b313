// Which weights where: speed of each type on this machine's CPU beside its cosine to float32, in turns in one run.
// Speed on 0.6B layer shapes with random weights; cosine on the tiny model's reference texts, against its f32 weights.
// `npm run bench:weights -- [--layers N] [--rounds N] [--json]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { summarise } from '../src/bench/statistics.ts';
import { convert } from '../src/convert/convert.ts';
import type { Embedder } from '../src/embedder.ts';
import { makeTinyBenchModel } from './tiny-bench-model.ts';
import { describeMachine, leastCosine, rowsOf } from './figures.ts';
import { openCpuEngine } from './measured-engine.ts';
import { SMALLEST_SHAPE, writeRandomModel } from './random-model.ts';

const TYPES = ['F32', 'F16', 'BF16', 'Q8_0'] as const;
type WeightsType = (typeof TYPES)[number];

const TEXTS = [
  'How are you today',
  'The capital of China is Beijing.',
  'iPhone 15 Pro的钛金属边框很坚固',
  'Здравствуй, мир! Ёлка.',
  'def calculate_fib(n): return n if n <= 1 else calculate_fib(n-1) + calculate_fib(n-2)',
];

const { values: flags } = parseArgs({
  options: {
    layers: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-bench-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});

const ids = Array.from({ length: 32 }, (_, i) =>
  Array.from({ length: 31 }, (_unused, j) => (i * 31 + j * 7919) % 150_000),
);

async function measureSpeed(engine: Embedder): Promise<number> {
  const start = performance.now();
  const { tokenCounts } = await engine.embed(ids);
  return (tokenCounts.reduce((sum, count) => sum + count, 0) * 1000) / (performance.now() - start);
}

async function embedTiny(type: WeightsType, tiny: string): Promise<Float32Array[]> {
  const outfile = join(folder, `tiny-${type}.gguf`);
  await convert({ modelFolder: tiny, outfile, outtype: type.toLowerCase() as Lowercase<WeightsType> });
  const engine = openCpuEngine(outfile);
  const rows = rowsOf(await engine.embed(TEXTS));
  await engine.close();
  return rows;
}

const tiny = join(folder, 'tiny');
makeTinyBenchModel(tiny);
const reference = await embedTiny('F32', tiny);
const cosines = new Map<WeightsType, number>();
for (const type of TYPES) cosines.set(type, leastCosine(reference, await embedTiny(type, tiny)));

const speeds = new Map<WeightsType, number[]>(TYPES.map((type) => [type, []]));
const shape = { ...SMALLEST_SHAPE, layers: Number(flags.layers) };
const vocabularyFrom = join(folder, 'tiny-F32.gguf');
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const type of TYPES) {
    const outfile = join(folder, 'random.gguf');
    writeRandomModel({ outfile, vocabularyFrom, shape, type });
    const engine = openCpuEngine(outfile);
    await measureSpeed(engine);
    speeds.get(type)?.push(await measureSpeed(engine));
    await engine.close();
  }
}

const rows = TYPES.map((type) => {
  const { median = NaN, min = NaN, max = NaN } = summarise(speeds.get(type) ?? []) ?? {};
  const [tokensPerSecond, least, most] = [median, min, max].map(Math.round);
  return { type, tokensPerSecond, least, most, cosine: cosines.get(type) };
});
const machine = describeMachine();
if (flags.json) console.log(JSON.stringify({ machine, layers: shape.layers, rows }));
else {
  console.log(`${machine}; 0.6B layer shapes, ${String(shape.layers)} layers, 32 texts x 32 tokens`);
  console.table(rows);
}
