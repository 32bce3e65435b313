// `qwen-embed health`: asks a server whether it is healthy, for scripts: exit 0 = yes, 1 = no.
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { rootOf } from '../../client/endpoint.ts';
import type { Settings } from '../../config/options.ts';
import { Fault } from '../../faults.ts';
import { explainNetworkError } from '../../network-error.ts';
import { StatusLine } from '../status-line.ts';
import { printResult } from '../terminal.ts';

interface Health {
  healthy: boolean;
  /** The server's own word, or why there is none. */
  status: string;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
/** A server that accepts and says nothing must not use up the time of all further attempts. */
const LONGEST_ATTEMPT_MS = 10_000;

export async function runHealth(settings: Settings<'health'>): Promise<number> {
  const url = healthUrl(settings.url);
  const started = performance.now();
  const leftMs = () => settings.timeoutSeconds * 1000 - (performance.now() - started);
  const status = new StatusLine();
  let health = await askHealth(url, leftMs());
  for (let pauseMs = FIRST_PAUSE_MS; settings.wait && !health.healthy && leftMs() > 0; pauseMs *= 2) {
    status.show(`waiting for ${settings.url}: ${health.status}`);
    await wait(Math.max(0, Math.min(pauseMs, LONGEST_PAUSE_MS, leftMs())));
    if (leftMs() > 0) health = await askHealth(url, leftMs());
  }
  status.clear();
  printResult(settings.json ? JSON.stringify({ url: settings.url, ...health }) : health.status);
  return health.healthy ? 0 : 1;
}

function healthUrl(base: string): URL {
  const problem = 'is not a URL of a server';
  const hint = 'give its root: --url http://127.0.0.1:30000';
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new Fault('BAD_OPTION', { option: `--url ${base}`, problem, hint });
  return new URL('health', rootOf(base));
}

async function askHealth(url: URL, leftMs: number): Promise<Health> {
  try {
    const signal = AbortSignal.timeout(Math.ceil(Math.max(1, Math.min(leftMs, LONGEST_ATTEMPT_MS))));
    const { statusCode, body } = await request(url, { signal });
    const text = await body.text();
    return { healthy: statusCode === 200, status: readStatus(text) ?? `HTTP ${String(statusCode)}` };
  } catch (error) {
    return { healthy: false, status: explainNetworkError(error) };
  }
}

function readStatus(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'status' in value ? String(value.status) : null;
  } catch {
    return null;
  }
}
