// One large file over loopback: this program, which hashes and syncs it, against `curl -L -o`, which does neither, in
// turns.
// `npm run bench:download -- [BYTES] [TURNS]`, 2,000,000,000 and 5 by default. Needs curl (`apt-get install curl`).
// The hub runs in a process of its own; each fetch is a process too, timed from start to exit.
import { execFileSync, fork, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hubContent } from '../test/fixtures/hub-content.ts';
import { openHubServer } from '../test/fixtures/hub-server.ts';

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
  curlThen('sync', 'sync "$0"'),
  curlThen('sha256sum and sync', 'sha256sum "$0" && sync "$0"'),
  {
    name: 'ours',
    command: () => [process.execPath, [WORKER, REPO, String(PART_BYTES), String(CONNECTIONS)]],
  },
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

async function compare(): Promise<void> {
  const hub = fork(fileURLToPath(import.meta.url), [String(sizeBytes)]);
  const [url] = (await once(hub, 'message')) as [string];
  console.log(`${cpus()[0]?.model ?? ''}, ${String(availableParallelism())} cores, Node ${process.version}`);
  console.log(execFileSync('curl', ['--version'], { encoding: 'utf8' }).split('\n')[0]);
  const seconds = new Map<string, number[]>();
  const record = (name: string, time: number): void => {
    seconds.set(name, [...(seconds.get(name) ?? []), time]);
  };
  try {
    for (let turn = 0; turn < turns; turn++)
      for (const contestant of CONTESTANTS) await time(contestant, { url, record });
  } finally {
    hub.disconnect();
  }
  const base = seconds.get('curl') ?? [];
  for (const [name, times] of seconds) {
    // Turn by turn, so that a machine that slows down slows both.
    const shares = times.map((time, turn) => (base[turn] ?? NaN) / time);
    const [low, high] = [Math.min(...times), Math.max(...times)].map(rate);
    console.log(
      `${name.padEnd(34)} ${rate(median(times))} MB/s (${high ?? ''} to ${low ?? ''}), ${(100 * median(shares)).toFixed(0)} % of curl's rate`,
    );
  }
}

function rate(time: number): string {
  return (sizeBytes / 1e6 / time).toFixed(0);
}

async function time(
  { name, command }: Contestant,
  { url, record }: { url: string; record: (name: string, seconds: number) => void },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-bench-'));
  try {
    const [program, args] = command(folder, url);
    const start = performance.now();
    const child = spawn(program, args, {
      env: { ...process.env, HF_ENDPOINT: url, HF_HUB_CACHE: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output = text.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${name} ended with ${String(code)}`);
    // Ours tells how long it took without the start of Node.
    const ms = /"ms":([\d.]+)/.exec(output)?.[1];
    if (ms !== undefined) record(`${name}, without the start of Node`, Number(ms) / 1_000);
    record(name, (performance.now() - start) / 1_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
