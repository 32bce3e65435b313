// One soak from end to end: expected vectors, the real server with several workers, load and sabotage, what is left
// afterwards. Linux only: it reads /proc. Knows no flags and prints nothing.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeRandom } from '../../src/bench/random.ts';
import { launchServer, type RunningServer } from '../../test/fixtures/run-cli.ts';
import { openCorpus, type Corpus } from './corpus.ts';
import { Drift } from './drift.ts';
import { stateOf, takeCensus, workersOf, type Census } from '../processes.ts';
import { judgeSoak, type Soak } from './report.ts';
import { Saboteur } from './saboteur.ts';
import { Sender } from './sender.ts';
import { takeShot } from './shots.ts';
import { Tally } from './tally.ts';

export interface SoakOptions {
  modelFile: string;
  /** At least; load goes on until each act of sabotage was done. */
  requests: number;
  connections: number;
  workers: number;
  /** Between two acts of sabotage. */
  everyMs: number;
  /** Of a decode and of a worker's silence. */
  watchdogSeconds: number;
  /** What is not done by then is not sent. */
  mostMs: number;
  seed: number;
  onProgress: (done: number) => void;
}

/** Of all requests, without sabotage, before anything is measured. */
const WARM_UP_SHARE = 0.1;
/** Then sabotage goes on; workers that are still away show in the census. */
const READY_MS = 60_000;
/** Longer than idle connections to workers are kept. */
const SETTLED_MS = 5_000;
const MOMENTS = 20;

export async function runSoak(options: SoakOptions): Promise<Soak> {
  const corpus = await openCorpus(options.modelFile, options.seed);
  const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-soak-'));
  try {
    // Workers do not see NODE_OPTIONS.
    const env = { TMPDIR: folder, NODE_OPTIONS: `--import ${import.meta.resolve('./collect-on-signal.js')}` };
    const server = await launchServer(argsOf(options), { env });
    const { rest, workers } = await soak(server, corpus, options);
    const exitCode = await server.end();
    const left = {
      files: readdirSync(folder).length,
      processes: workers.filter((pid) => stateOf(pid) !== null).length,
    };
    return judgeSoak({ ...rest, exitCode, left, requests: options.requests });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function argsOf({ modelFile, workers, watchdogSeconds }: SoakOptions): string[] {
  const more = ['--dp', String(workers), '--watchdog-timeout', String(watchdogSeconds)];
  // Nothing is answered from a cache; what waits while all workers are dead is refused early.
  const limits = ['--embedding-cache-size', '0', '--max-queued-requests', '16', '--enable-metrics'];
  return ['--model-path', modelFile, '--device', 'cpu', '--port', '0', ...more, ...limits];
}

async function soak(server: RunningServer, corpus: Corpus, options: SoakOptions) {
  const { requests, everyMs, mostMs, seed } = options;
  const tally = new Tally();
  const warmUp = Math.round(WARM_UP_SHARE * requests);
  const load = { server, corpus, options, tally, endMs: performance.now() + mostMs };
  await whenAllReady(server, options.workers);
  await sendMany(load, { from: 0, isOver: (sent) => sent >= warmUp });
  const before = await settle(server, options.workers);
  const heldBefore = readHeld(server);
  const saboteur = new Saboteur({
    pid: server.pid,
    everyMs,
    random: makeRandom(seed + 1),
    whenAllReady: () => whenAllReady(server, options.workers),
  });
  const drift = new Drift(() => takeCensus(server.pid));
  const startMs = performance.now();
  const sabotage = saboteur.run();
  drift.start();
  await sendMany(load, { from: warmUp, isOver: (sent) => sent >= requests && saboteur.hasDoneAll });
  saboteur.stop();
  await sabotage;
  drift.stop();
  const seconds = (performance.now() - startMs) / 1000;
  const workers = workersOf(server.pid);
  const after = await settle(server, options.workers);
  const deaths = await readMetric(server.url, 'qwen_embed_worker_deaths_total');
  return {
    rest: {
      ...{ tally, seconds, faults: saboteur.done, deaths, before, after, drift: drift.summary() },
      held: { early: heldBefore, late: readHeld(server) },
    },
    workers: [...new Set([...workers, ...workersOf(server.pid)])],
  };
}

interface Load {
  server: RunningServer;
  corpus: Corpus;
  options: SoakOptions;
  tally: Tally;
  endMs: number;
}

/** Each connection sends its next request when the last has its answer. */
async function sendMany(
  { server, corpus, options, tally, endMs }: Load,
  { from, isOver }: { from: number; isOver: (sent: number) => boolean },
): Promise<void> {
  const { connections, onProgress, seed } = options;
  const sender = new Sender(server.url, connections);
  let next = from;
  const work = async (): Promise<void> => {
    while (!isOver(next) && performance.now() < endMs) {
      const number = next++;
      const { kind, shot } = takeShot(corpus, makeRandom(seed + 7919 * number));
      tally.add(kind, await sender.send(shot));
      onProgress(tally.sent);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  tally.close(sender);
  await sender.close();
}

/**
 * What the processes hold when all workers are ready and nobody asks anything: the moment with the fewest handles, as
 * the server itself asks its workers now and then whether they are well.
 */
async function settle(server: RunningServer, workers: number): Promise<Census> {
  await whenAllReady(server, workers);
  await delay(SETTLED_MS);
  process.kill(server.pid, 'SIGUSR2');
  let least = takeCensus(server.pid);
  for (let more = 0; more < MOMENTS; more++) {
    await delay(100);
    const census = takeCensus(server.pid);
    if (census.front.handles < least.front.handles) least = census;
  }
  return least;
}

/** Bytes of JavaScript that the server held at the last collection. */
const readHeld = ({ stderr }: RunningServer): number =>
  Number([...stderr().matchAll(/^held: (\d+)$/gm)].at(-1)?.[1]);

/** A worker that has just been killed or stopped counts as ready until the server knows. */
async function whenAllReady({ url, pid }: RunningServer, workers: number): Promise<void> {
  const endMs = performance.now() + READY_MS;
  const areReady = async () =>
    workersOf(pid).every((worker) => stateOf(worker) !== 'T') &&
    workersOf(pid).length === workers &&
    (await readMetric(url, 'qwen_embed_workers_live')) === workers;
  while (!(await areReady())) {
    if (performance.now() > endMs) return;
    await delay(100);
  }
}

/** Over a connection that is closed again. */
async function readMetric(url: string, name: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
  const line = (await response.text()).split('\n').find((each) => each.startsWith(name));
  return Number(line?.split(' ').at(-1));
}
