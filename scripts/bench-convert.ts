// Measures the converter on a checkpoint of the 0.6B model's shapes with random weights, made in a temporary folder.
// Peers run in turns, so that a noisy minute hits all of them; each figure is the median of its runs, with the spread.
// "of cat" is the median of the ratios within each turn, of the file as both copy it.
// `npm run bench:convert -- [--layers 28] [--runs 5] [--json]`
// `cat` is what copying the shards costs; the converter syncs its file before it renames it, so `cat` + fsync stands
// beside plain `cat`. Every conversion runs in a process of its own, which also gives its peak memory.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { summarise } from '../src/bench/statistics.ts';
import { convert } from '../src/convert/convert.ts';
import { convertRun, findNan, Lanes, type TargetType } from '../src/convert/kernels.ts';
import type { Outtype } from '../src/convert/tensor-plan.ts';
import { TOKENIZER_FOLDER } from './tiny-bench-model.ts';
import { describeMachine } from './figures.ts';
import { listTensors, renderSafetensorsHeader, writeCompanions, type TinyModelSpec } from './tiny-model.ts';

interface Sample {
  ms: number;
  /** Processor time of all threads; says what a core does while other programs take turns on it. */
  cpuMs?: number;
  peakMb?: number;
}

interface Row {
  name: string;
  megabytes: number;
  run: () => Sample;
  samples: Sample[];
}

const { values: options } = parseArgs({
  options: {
    layers: { type: 'string', default: '28' },
    runs: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    // What a child process of this benchmark is told: folder, out type, threads.
    child: { type: 'string' },
  },
});

if (options.child === undefined) benchmark(Number(options.layers), Number(options.runs));
else await convertOnce(JSON.parse(options.child) as ChildTask);

interface ChildTask {
  modelFolder: string;
  outfile: string;
  outtype: Outtype;
  workers: number;
}

async function convertOnce(task: ChildTask): Promise<void> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await convert(task);
  const sample: Sample = {
    ms: performance.now() - start,
    cpuMs: cpuSince(cpu),
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(JSON.stringify(sample));
}

function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function benchmark(layers: number, runs: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-bench-'));
  try {
    const shards = writeCheckpoint(folder, layers);
    const rows = listRows(folder, shards);
    for (let run = 0; run < runs; run++) for (const row of rows) row.samples.push(row.run());
    report(rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeCheckpoint(folder: string, layers: number): string {
  const spec: TinyModelSpec = {
    name: 'bench',
    seed: 1,
    variant: 'single',
    dtype: 'bf16',
    hidden: 1024,
    layers,
    heads: 16,
    kvHeads: 8,
    headDim: 128,
    ffn: 3072,
    vocab: 151936,
  };
  writeCompanions({ spec, tokenizerFolder: TOKENIZER_FOLDER, outFolder: folder });
  const { header, dataBytes } = renderSafetensorsHeader(spec, listTensors(spec));
  const path = join(folder, 'model.safetensors');
  const descriptor = openSync(path, 'w');
  writeSync(descriptor, header);
  const weights = new Uint16Array(2 * 1024 * 1024);
  for (let left = dataBytes; left > 0; left -= weights.byteLength) {
    fillWeights(weights);
    writeSync(descriptor, weights, 0, Math.min(left, weights.byteLength));
  }
  closeSync(descriptor);
  return path;
}

// Random signs, mantissas and the exponents of 0.001 to 0.06, where a real model's weights are.
function fillWeights(weights: Uint16Array): void {
  randomFillSync(weights);
  for (let i = 0; i < weights.length; i++) weights[i] = ((weights[i] as number) & 0x82ff) | 0x3a80;
}

function listRows(folder: string, shard: string): Row[] {
  const megabytes = statSync(shard).size / 1e6;
  const copy = join(folder, 'copy');
  const row = (name: string, run: () => Sample): Row => ({ name, megabytes, run, samples: [] });
  const conversion = (outtype: Outtype, workers: number): Row => {
    const name = `convert ${outtype}, ${String(workers)} thread${workers === 1 ? '' : 's'}`;
    return row(name, () => runChild({ modelFolder: folder, outfile: `${copy}.gguf`, outtype, workers }));
  };
  const cores = availableParallelism();
  return [
    row('cat', () => shell(`cat '${shard}' > '${copy}'`)),
    row('cat and fsync', () => shell(`cat '${shard}' > '${copy}' && sync '${copy}'`)),
    conversion('bf16', 1),
    conversion('bf16', cores),
    conversion('q8_0', 1),
    conversion('q8_0', cores),
    conversion('f16', cores),
    ...(['Q8_0', 'F16', 'F32'] as const).map(kernelRow),
  ];
}

function shell(command: string): Sample {
  removeCopies(command);
  const start = performance.now();
  execFileSync('sh', ['-c', command]);
  return { ms: performance.now() - start };
}

function removeCopies(command: string): void {
  const target = /> '([^']+)'/.exec(command)?.[1];
  if (target !== undefined) rmSync(target, { force: true });
}

function runChild(task: ChildTask): Sample {
  rmSync(task.outfile, { force: true });
  const script = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, [script, '--child', JSON.stringify(task)], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Sample;
}

/** The arithmetic alone, on memory that stays in the cache's reach: what one core can do. */
function kernelRow(to: TargetType): Row {
  const elements = 1024 * 1024;
  const rounds = 64;
  const source = new Lanes(elements * 2);
  const target = new Lanes(elements * 4);
  fillWeights(source.u16);
  const run = (): Sample => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    for (let i = 0; i < rounds; i++) {
      if (findNan('BF16', source, elements) !== -1) throw new Error('a NaN in the weights');
      convertRun({ from: 'BF16', to, elements }, source, target);
    }
    return { ms: performance.now() - start, cpuMs: cpuSince(cpu) };
  };
  run();
  return {
    name: `kernel BF16 to ${to}, one core`,
    megabytes: (rounds * elements * 2) / 1e6,
    run,
    samples: [],
  };
}

interface Figure {
  name: string;
  medianMs: number;
  mbPerSecond: number;
  slowest: number;
  fastest: number;
  mbPerCpuSecond: number | null;
  ofCat: number | null;
  peakMb: number | null;
}

function figureOf({ name, megabytes, samples }: Row, cat: Row | undefined): Figure {
  const rate = (ms: number): number => Math.round((megabytes / ms) * 1000);
  const times = summarise(samples.map(({ ms }) => ms));
  const ratios = summarise(samples.map(({ ms }, turn) => (cat?.samples[turn]?.ms ?? NaN) / ms));
  const cpu = summarise(samples.map(({ cpuMs = null }) => cpuMs));
  const peak = summarise(samples.map(({ peakMb = null }) => peakMb));
  const { median = NaN, min = NaN, max = NaN } = times ?? {};
  return {
    name,
    medianMs: Math.round(median),
    mbPerSecond: rate(median),
    slowest: rate(max),
    fastest: rate(min),
    mbPerCpuSecond: cpu === null ? null : rate(cpu.median),
    ofCat: megabytes === cat?.megabytes ? (ratios?.median ?? null) : null,
    peakMb: peak === null ? null : Math.round(peak.max),
  };
}

function report(rows: readonly Row[]): void {
  const figures = rows.map((row) => figureOf(row, rows[0]));
  const machine = describeMachine();
  if (options.json) {
    console.log(JSON.stringify({ machine, figures }));
    return;
  }
  console.log(machine);
  console.log(
    `source: ${String(Math.round(rows[0]?.megabytes ?? 0))} MB of BF16; rates are MB of source, medians`,
  );
  for (const { name, medianMs, mbPerSecond, slowest, fastest, mbPerCpuSecond, ofCat, peakMb } of figures)
    console.log(
      `${name.padEnd(32)} ${String(medianMs).padStart(6)} ms ${String(mbPerSecond).padStart(6)} MB/s ` +
        `(${String(slowest)} to ${String(fastest)})` +
        (ofCat === null ? '' : `  ${String(Math.round(ofCat * 100)).padStart(3)} % of cat`) +
        (mbPerCpuSecond === null ? '' : `  ${String(mbPerCpuSecond)} MB per CPU second`) +
        (peakMb === null ? '' : `  peak ${String(peakMb)} MB`),
    );
}
