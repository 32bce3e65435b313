// Speed of this engine against node-llama-cpp's own LlamaEmbeddingContext: same weights, same texts, same machine, in
// turns within one run. `npm run bench:engine -- [--layers N] [--rounds N] [--texts N] [--type BF16|Q8_0|F16] [--json]`
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getLlama } from 'node-llama-cpp';
import { summarise } from '../src/bench/statistics.ts';
import { convert } from '../src/convert/convert.ts';
import { makeTinyBenchModel } from './tiny-bench-model.ts';
import { describeMachine, leastCosine, rowsOf } from './figures.ts';
import { openCpuEngine } from './measured-engine.ts';
import { SMALLEST_SHAPE, writeRandomModel } from './random-model.ts';

const TOKENS_PER_TEXT = 32;
const END_TOKEN = 151643;

const { values: flags } = parseArgs({
  options: {
    layers: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '5' },
    texts: { type: 'string', default: '64' },
    type: { type: 'string', default: 'BF16' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-bench-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});

const threads = availableParallelism();
const texts = Array.from({ length: Number(flags.texts) }, (_, i) => [
  ...Array.from({ length: TOKENS_PER_TEXT - 1 }, (_unused, j) => (i * 31 + j * 7919) % 150_000),
  END_TOKEN,
]);

async function makeModel(): Promise<string> {
  const tiny = join(folder, 'tiny');
  makeTinyBenchModel(tiny);
  const vocabularyFrom = join(folder, 'tiny.gguf');
  await convert({ modelFolder: tiny, outfile: vocabularyFrom, outtype: 'q8_0' });
  const outfile = join(folder, 'random.gguf');
  const shape = { ...SMALLEST_SHAPE, layers: Number(flags.layers) };
  writeRandomModel({ outfile, vocabularyFrom, shape, type: flags.type as 'BF16' | 'Q8_0' | 'F16' | 'F32' });
  return outfile;
}

interface Contender {
  name: string;
  embedAll: () => Promise<Float32Array[]>;
}

async function openOurs(modelFile: string): Promise<Contender> {
  const engine = openCpuEngine(modelFile);
  const embedAll = async () => rowsOf(await engine.embed(texts));
  await embedAll();
  return { name: 'qwen-embed', embedAll };
}

async function openTheirs(modelPath: string): Promise<Contender> {
  const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createEmbeddingContext({ contextSize: 512, threads });
  const embedAll = async () => {
    const vectors: Float32Array[] = [];
    for (const text of texts) {
      const { vector } = await context.getEmbeddingFor(text as Parameters<typeof context.getEmbeddingFor>[0]);
      vectors.push(Float32Array.from(vector));
    }
    return vectors;
  };
  await embedAll();
  return { name: 'node-llama-cpp', embedAll };
}

async function measure({ embedAll }: Contender): Promise<number> {
  const start = performance.now();
  await embedAll();
  return (texts.length * TOKENS_PER_TEXT * 1000) / (performance.now() - start);
}

const modelFile = await makeModel();
const ours = await openOurs(modelFile);
const theirs = await openTheirs(modelFile);
// Both must have computed the same thing.
const cosine = leastCosine(await ours.embedAll(), await theirs.embedAll());
const speeds: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
for (let round = 0; round < rounds; round++) {
  speeds.ours.push(await measure(ours));
  speeds.theirs.push(await measure(theirs));
}
const ratios = speeds.ours.map((speed, i) => speed / (speeds.theirs[i] ?? NaN));
const report = {
  machine: describeMachine(),
  model: `0.6B layer shapes, ${flags.layers} layers, random ${flags.type}`,
  work: `${String(texts.length)} texts x ${String(TOKENS_PER_TEXT)} tokens, ${String(rounds)} rounds in turns`,
  leastCosine: cosine,
  tokensPerSecond: { [ours.name]: summarise(speeds.ours), [theirs.name]: summarise(speeds.theirs) },
  ratio: summarise(ratios),
};
if (flags.json) console.log(JSON.stringify(report));
else console.dir(report, { depth: null });
process.exit(0);
