// Which weights where, for files at hand: speed of each .gguf in turns in one run, beside its cosine to the first one on
// the CPU. The files should be one model in several types, the first in f32.
// `npm run bench:files -- [--device cuda] [--llama-folder DIR] [--rounds 5] [--tokens 32] FILE...`
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { summarise } from '../src/bench/statistics.ts';
import type { Embedder, EmbedInput } from '../src/embedder.ts';
import { openEngine, type EngineSettings } from '../src/engine/engine.ts';
import { leastCosine, rowsOf } from './figures.ts';

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cpu' },
    'llama-folder': { type: 'string' },
    rounds: { type: 'string', default: '5' },
    tokens: { type: 'string', default: '32' },
    texts: { type: 'string', default: '1024' },
    /** Leave out the cosines, which take a float32 run on the CPU. */
    'speed-only': { type: 'boolean', default: false },
  },
});

const onGpu = flags.device !== 'cpu';

function open(modelFile: string, { gpu = onGpu } = {}): Embedder {
  const shape: Pick<EngineSettings, 'compute' | 'lanes' | 'batchTokens' | 'flashAttention'> = gpu
    ? { compute: 'graph', lanes: 3, batchTokens: 2048, flashAttention: true }
    : { compute: 'graph', lanes: 2, batchTokens: 256, flashAttention: false };
  return openEngine({
    modelFile,
    backend: gpu ? (flags.device as EngineSettings['backend']) : 'cpu',
    libraryFolder: flags['llama-folder'] ?? null,
    gpuLayers: gpu ? -1 : 0,
    splitMode: 'layer',
    steadyThreads: false,
    schedulePolicy: 'fcfs',
    takesTexts: true,
    threads: gpu ? 4 : availableParallelism(),
    batchTexts: null,
    chunkTokens: shape.batchTokens,
    contextTokens: 32_768,
    prefixTokens: 0,
    cachedVectors: 0,
    ...shape,
  });
}

const makeIds = (count: number, tokens: number): EmbedInput[] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: tokens - 1 }, (_unused, j) => (i * 31 + j * 7919 + i * j) % 150_000),
  );

const SPEED_TEXTS = makeIds(Number(flags.texts), Number(flags.tokens));
const COSINE_TEXTS = makeIds(24, 24);

async function measureSpeed(engine: Embedder): Promise<number> {
  const start = performance.now();
  const { tokenCounts } = await engine.embed(SPEED_TEXTS);
  return (tokenCounts.reduce((sum, count) => sum + count, 0) * 1000) / (performance.now() - start);
}

async function embedOnce(file: string, options?: { gpu: boolean }): Promise<Float32Array[]> {
  const engine = open(file, options);
  const rows = rowsOf(await engine.embed(COSINE_TEXTS));
  await engine.close();
  return rows;
}

const [first = ''] = files;
const truth = flags['speed-only'] ? null : await embedOnce(first, { gpu: false });
for (const file of files) {
  const engine = open(file);
  await measureSpeed(engine);
  const speeds: number[] = [];
  for (let round = 0; round < Number(flags.rounds); round++) speeds.push(await measureSpeed(engine));
  const cosine = truth === null ? null : leastCosine(truth, rowsOf(await engine.embed(COSINE_TEXTS)));
  const { weightsType } = engine.model;
  await engine.close();
  const tokensPerSecond = summarise(speeds.map(Math.round));
  console.log(JSON.stringify({ file: basename(file), weightsType, tokensPerSecond, cosine }));
}
process.exit(0);
