// What scripts over HTTP share: a service launched as users launch it, on a free port, and `qwen-embed bench` against it.
// Knows no loads and no figures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Spread } from '../src/bench/statistics.ts';

const CLI = fileURLToPath(new URL('../../bin/qwen-embed.js', import.meta.url));

interface LaunchedService {
  url: string;
  pid: number;
  stop: () => Promise<void>;
}

interface BenchReport {
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
  const lastWords = hearLastWords(server.stderr);
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url === undefined) continue;
    console.error(line);
    server.stdout.resume();
    return { url, pid: server.pid ?? 0, stop };
  }
  throw new Error(`the server ended before it was ready: ${lastWords(await ended)}`);
}

/** Passes on what a child says; the returned function tells how it ended: by its error, else by its last line and code. */
function hearLastWords(stderr: Readable): (exit: unknown[]) => string {
  let heard = '';
  stderr.on('data', (bytes: Buffer) => {
    process.stderr.write(bytes);
    heard = `${heard}${String(bytes)}`.slice(-4000);
  });
  return ([code, signal]) => {
    const error = /^error: .*$/m.exec(heard)?.[0];
    if (error !== undefined) return error;
    const end = typeof signal === 'string' ? `killed by ${signal}` : `exit code ${String(code)}`;
    return [end, heard.trim().split('\n').at(-1)].filter(Boolean).join(', last line: ');
  };
}

/** One run of `qwen-embed bench`. */
export async function runBench(url: string, args: readonly string[]): Promise<BenchReport> {
  return JSON.parse(await readCommand(['bench', '--url', url, '--json', ...args])) as BenchReport;
}

/** What a command prints; throws with its last words where it fails and prints nothing. */
export async function readCommand(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const lastWords = hearLastWords(child.stderr);
  const [printed, exit] = await Promise.all([readAll(child.stdout), once(child, 'close')]);
  // bench ends with 1 where requests failed, and its report says which.
  if (exit[0] !== 0 && printed === '') throw new Error(`${args[0] ?? ''}: ${lastWords(exit)}`);
  return printed;
}
