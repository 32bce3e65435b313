// One large file over loopback: this program, which hashes and syncs it, against `curl -L -o`, which does neither, in
// turns.
// `npm run bench:download -- [BYTES] [TURNS]`, 2,000,000,000 and 5 by default. Needs curl (`apt-get install curl`).
// The hub runs in a process of its own; each fetch is a process too, timed from start to exit. Beside the rate stands the
// processor time, which also means something on a machine that is busy otherwise.
// Needs of this repository `dist/` (built) and `node_modules/undici`. Files go below TMPDIR: once their size must be free.
import { execFileSync, fork, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { summarise } from '../src/bench/statistics.ts';
import { hubContent } from '../test/fixtures/hub-content.ts';
import { openHubServer } from '../test/fixtures/hub-server.ts';
import { describeMachine } from './figures.ts';

const REPO = 'Qwen/Qwen3-Embedding-Bench';
const WORKER = fileURLToPath(new URL('../test/fixtures/download-worker.js', import.meta.url));
const PART_BYTES = 32 << 20;
const CONNECTIONS = 8;
const [sizeBytes = 2_000_000_000, turns = 5] = process.argv.slice(2).map(Number);

interface Contestant {
  name: string;
  command: (folder: string, url: string) => [string, string[]];
}

const address = (url: string): string => `${url}/${REPO}/resolve/main/model.safetensors`;
const curlThen = (name: string, then: string): Contestant => ({
  name: `curl, then ${name}`,
  command: (folder, url) => [
    'sh',
    ['-c', `curl -sSfL -o "$0" "${address(url)}" && ${then}`, join(folder, 'model.safetensors')],
  ],
});
const CONTESTANTS: Contestant[] = [
  {
    name: 'curl',
    command: (folder, url) => ['curl', ['-sSfL', '-o', join(folder, 'model.safetensors'), address(url)]],
  },
  {
    name: 'ours',
    command: () => [process.execPath, [WORKER, REPO, String(PART_BYTES), String(CONNECTIONS)]],
  },
  curlThen('sync', 'sync "$0"'),
  curlThen('sha256sum and sync', 'sha256sum "$0" && sync "$0"'),
];

if (process.send === undefined) await compare();
else await serve();

/** In the child: the hub, until the parent goes. */
async function serve(): Promise<void> {
  const content = hubContent(randomFillSync(Buffer.alloc(64 << 20)), sizeBytes);
  const server = await openHubServer({ repos: { [REPO]: { files: { 'model.safetensors': content } } } });
  process.once('disconnect', () => process.exit());
  process.send?.(server.url);
}

interface Fetched {
  seconds: number;
  /** Of all its processes. */
  processorSeconds: number;
}

async function compare(): Promise<void> {
  const hub = fork(fileURLToPath(import.meta.url), [String(sizeBytes)]);
  const [url] = (await once(hub, 'message')) as [string];
  console.log(describeMachine());
  console.log(execFileSync('curl', ['--version'], { encoding: 'utf8' }).split('\n')[0]);
  const fetches = new Map<string, Fetched[]>(CONTESTANTS.map(({ name }) => [name, []]));
  try {
    for (let turn = 0; turn < turns; turn++)
      for (const contestant of CONTESTANTS)
        fetches.get(contestant.name)?.push(await fetchOnce(contestant, url));
  } finally {
    hub.disconnect();
  }
  const base = fetches.get('curl') ?? [];
  for (const [name, all] of fetches) console.log(describe(name, all, base));
}

function describe(name: string, fetches: readonly Fetched[], base: readonly Fetched[]): string {
  const times = fetches.map(({ seconds }) => seconds);
  // Turn by turn, so that a machine that slows down slows both.
  const shares = times.map((time, turn) => (100 * (base[turn]?.seconds ?? NaN)) / time);
  const processor = fetches.map(({ processorSeconds }) => (processorSeconds * 1e9) / sizeBytes);
  return [
    name.padEnd(30),
    `${spread(times.map((time) => sizeBytes / 1e6 / time))} MB/s`,
    `${spread(shares)} % of curl's rate`,
    `${spread(processor, 2)} s of processor per GB`,
  ].join('  ');
}

/** Median, and the least and the most. */
function spread(values: readonly number[], digits = 0): string {
  const { median = NaN, min = NaN, max = NaN } = summarise(values) ?? {};
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

async function fetchOnce({ name, command }: Contestant, url: string): Promise<Fetched> {
  const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-bench-'));
  try {
    settle(folder);
    const start = performance.now();
    const child = spawn('sh', ['-c', '"$@" && times', 'sh', ...command(folder, url).flat()], {
      env: { ...process.env, HF_ENDPOINT: url, HF_HUB_CACHE: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${name} ended with ${String(code)}`);
    return { seconds: (performance.now() - start) / 1_000, processorSeconds: readTimes(output) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * So that each fetch finds the same machine: a disk that is done with what was before, and memory for the file that was in
 * use a moment ago. A virtual machine gives back what is not used, and the first write to it takes up to ten times as long.
 */
function settle(folder: string): void {
  const ballast = join(folder, 'ballast');
  const piece = Buffer.alloc(1 << 20);
  const descriptor = openSync(ballast, 'w');
  for (let at = 0; at < sizeBytes; at += piece.length) writeSync(descriptor, piece);
  rmSync(ballast);
  closeSync(descriptor);
  const parent = openSync(folder, 'r');
  fsyncSync(parent);
  closeSync(parent);
}

/** User and system time of a shell's children: the last line of what `times` prints. */
function readTimes(output: string): number {
  const times = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(output)?.slice(1).map(Number) ?? [];
  const [userMinutes = NaN, userSeconds = NaN, minutes = NaN, seconds = NaN] = times;
  return (userMinutes + minutes) * 60 + userSeconds + seconds;
}
