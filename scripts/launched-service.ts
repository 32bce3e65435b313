// What scripts over HTTP share: a service launched as users launch it, on a free port, and `qwen-embed bench` against it.
// Knows no loads and no figures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../bin/qwen-embed.js', import.meta.url));

export interface LaunchedService {
  url: string;
  pid: number;
  stop: () => Promise<void>;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface BenchReport {
  command: string;
  legs: {
    servers: {
      summary: Record<string, Spread | number | null>;
      stages: { stage: string; seconds: number; share: number | null }[] | null;
    }[];
    ratio: unknown;
  }[];
}

/** Launches with `args` and waits until the service is ready; its log goes to this process's. */
export async function launchService(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<LaunchedService> {
  const server = spawn(process.execPath, [CLI, 'launch', '--port', '0', '--enable-metrics', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const ended = once(server, 'exit');
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
  };
  process.once('SIGTERM', () => {
    server.kill('SIGTERM');
    process.exit(143);
  });
  let lastWords = '';
  server.stderr.on('data', (bytes: Buffer) => {
    process.stderr.write(bytes);
    lastWords = `${lastWords}${String(bytes)}`.slice(-4000);
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url === undefined) continue;
    console.error(line);
    server.stdout.resume();
    return { url, pid: server.pid ?? 0, stop };
  }
  throw new Error(/^error: .*$/m.exec(lastWords)?.[0] ?? 'the server ended before it was ready');
}

/** One run of `qwen-embed bench`. */
export async function runBench(url: string, args: readonly string[]): Promise<BenchReport> {
  return JSON.parse(await readCommand(['bench', '--url', url, '--json', ...args])) as BenchReport;
}

/** What a command prints. */
export async function readCommand(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  return readAll(child.stdout);
}
