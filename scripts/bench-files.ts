// Which weights where, for files at hand: speed of each .gguf in turns in one run, beside its cosine to the first one on
// the CPU. The files should be one model in several types, the first in f32.
// `npm run bench:files -- [--device cuda] [--llama-folder DIR] [--rounds 5] [--tokens 32] [--texts 1024] [--speed-only]
//  FILE...`; --speed-only leaves out the cosines, which take a float32 run on the CPU.
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { summarise } from '../src/bench/statistics.ts';
import type { Embedder, EmbedInput } from '../src/embedder.ts';
import { openEngine } from '../src/engine/engine.ts';
import { readModelFile } from '../src/engine/model-file.ts';
import { leastCosine, rowsOf } from './figures.ts';
import { openCpuEngine, settingsOf } from './measured-engine.ts';

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cpu' },
    'llama-folder': { type: 'string' },
    rounds: { type: 'string', default: '5' },
    tokens: { type: 'string', default: '32' },
    texts: { type: 'string', default: '1024' },
    'speed-only': { type: 'boolean', default: false },
  },
});

const open = (modelFile: string): Embedder =>
  openEngine(settingsOf({ modelFile, device: flags.device, libraryFolder: flags['llama-folder'] }));

const [first = ''] = files;
/** Special tokens stand at the end of a vocabulary. */
const IDS_END = Math.min(150_000, readModelFile(first).facts.vocabularySize - 1000);

const makeIds = (count: number, tokens: number): EmbedInput[] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: tokens - 1 }, (_unused, j) => (i * 31 + j * 7919 + i * j) % IDS_END),
  );

const SPEED_TEXTS = makeIds(Number(flags.texts), Number(flags.tokens));
const COSINE_TEXTS = makeIds(24, 24);

async function measureSpeed(engine: Embedder): Promise<number> {
  const start = performance.now();
  const { tokenCounts } = await engine.embed(SPEED_TEXTS);
  return (tokenCounts.reduce((sum, count) => sum + count, 0) * 1000) / (performance.now() - start);
}

async function embedOnCpu(file: string): Promise<Float32Array[]> {
  const engine = openCpuEngine(file, { libraryFolder: flags['llama-folder'] ?? null });
  const rows = rowsOf(await engine.embed(COSINE_TEXTS));
  await engine.close();
  return rows;
}

const truth = flags['speed-only'] ? null : await embedOnCpu(first);
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
