// A bare decode of one text, the measure for a text alone over HTTP (bench:service's load `alone`): the same lanes on the
// same weights in this process, with no queue, no socket and no server before them. p50 of each round, in milliseconds.
// `npm run bench:bare -- --model FILE [--device cuda] [--llama-folder DIR] [--tokens 32 | --tokens lognormal:16:40]
// [--rounds 5] [--decodes 200]`
import { parseArgs } from 'node:util';
import { parseLengths, takeLength } from '../src/bench/lengths.ts';
import { makeRandom } from '../src/bench/random.ts';
import { emptyProfile } from '../src/embedder.ts';
import { openCompute, type ComputeKind } from '../src/engine/compute.ts';
import type { EngineSettings } from '../src/engine/engine.ts';
import type { Decoder } from '../src/engine/decoder.ts';
import { findLibraries } from '../src/engine/libraries.ts';
import { openLlama } from '../src/engine/llama-abi.ts';
import { readModelFile } from '../src/engine/model-file.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    device: { type: 'string', default: 'cpu' },
    'llama-folder': { type: 'string' },
    tokens: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '5' },
    decodes: { type: 'string', default: '200' },
  },
});

const lengths = parseLengths(flags.tokens);
const random = makeRandom(1);
const onGpu = flags.device !== 'cpu';
const backend = flags.device as EngineSettings['backend'];
const llama = openLlama(findLibraries(backend, flags['llama-folder']), () => undefined);
const file = readModelFile(flags.model);

async function measureRound(lane: Decoder, round: number): Promise<number> {
  const times: number[] = [];
  for (let decode = 0; decode < Number(flags.decodes); decode++) {
    const tokens = Int32Array.from(
      { length: takeLength(lengths, random) },
      (_, i) => (decode * 31 + i * 7919 + round) % file.facts.vocabularySize,
    );
    const startMs = performance.now();
    await lane.decodeTexts([{ tokens, prefix: null }], () => undefined);
    times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? NaN;
}

async function measure(compute: ComputeKind): Promise<void> {
  const opened = openCompute({
    compute,
    llama,
    file,
    gpuLayers: onGpu ? -1 : 0,
    splitMode: 'layer',
    threads: onGpu ? 4 : 2,
    profile: emptyProfile(),
  });
  const batchTokens = onGpu ? 2048 : 256;
  const lane = opened.openLane({
    batchTokens,
    sequences: 248,
    prefixSequences: 0,
    cells: batchTokens,
    flashAttention: onGpu,
  });
  await measureRound(lane, Number(flags.rounds));
  const p50s: number[] = [];
  for (let round = 0; round < Number(flags.rounds); round++) p50s.push(await measureRound(lane, round));
  lane.close();
  opened.close();
  p50s.sort((a, b) => a - b);
  const p50Ms = { median: p50s[p50s.length >> 1], min: p50s[0], max: p50s.at(-1) };
  console.log(JSON.stringify({ compute, tokens: flags.tokens, decodes: Number(flags.decodes), p50Ms }));
}

for (const compute of ['graph', 'llama'] as const) await measure(compute);
process.exit(0);
