// A bare decode of one text, the measure for a text alone over HTTP (bench:service's load `alone`): the same lanes on the
// same weights in this process, with no queue, no socket and no server before them. p50 of each round, in milliseconds.
// `npm run bench:bare -- --model FILE [--device cuda] [--llama-folder DIR] [--tokens 32 | --tokens lognormal:16:40]
// [--rounds 5] [--decodes 200]`
import { parseArgs } from 'node:util';
import { parseLengths, takeLength } from '../src/bench/lengths.ts';
import { makeRandom } from '../src/bench/random.ts';
import { summarise } from '../src/bench/statistics.ts';
import { emptyProfile } from '../src/embedder.ts';
import { openCompute, type ComputeKind } from '../src/engine/compute.ts';
import type { Decoder } from '../src/engine/decoder.ts';
import { planTextLane } from '../src/engine/lane-shapes.ts';
import { findLibraries } from '../src/engine/libraries.ts';
import { openLlama } from '../src/engine/llama-abi.ts';
import { readModelFile } from '../src/engine/model-file.ts';
import { settingsOf } from './measured-engine.ts';

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
const settings = settingsOf({
  modelFile: flags.model,
  device: flags.device,
  libraryFolder: flags['llama-folder'],
});
const llama = openLlama(findLibraries(settings.backend, flags['llama-folder']), () => undefined);
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
  return summarise(times)?.median ?? NaN;
}

async function measure(compute: ComputeKind): Promise<void> {
  const opened = openCompute({ ...settings, compute, llama, file, profile: emptyProfile() });
  const lane = opened.openLane(planTextLane(settings));
  await measureRound(lane, Number(flags.rounds));
  const p50s: number[] = [];
  for (let round = 0; round < Number(flags.rounds); round++) p50s.push(await measureRound(lane, round));
  lane.close();
  opened.close();
  const about = { compute, tokens: flags.tokens, decodes: Number(flags.decodes) };
  console.log(JSON.stringify({ ...about, p50Ms: summarise(p50s) }));
}

for (const compute of ['graph', 'llama'] as const) await measure(compute);
process.exit(0);
