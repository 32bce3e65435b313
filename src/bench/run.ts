// Runs a whole benchmark: asks each server first, then leg by leg and round by round, the servers of a comparison in
// turns with the same texts. Collects; renders nothing.
import { makeSource, renderBody, type Inputs } from './texts.ts';
import { Client } from './client.ts';
import type { Endpoint } from '../client/endpoint.ts';
import type { Leg } from './plan.ts';
import { probe, renderFields, type ServerFacts } from './probe.ts';
import { makeRandom } from './random.ts';
import type { Round } from './record.ts';
import { runRound, type Load } from './round.ts';
import { readStages, subtractStages, type StageSeconds } from './stages.ts';

export interface BenchOptions {
  /** One, or two to compare. */
  endpoints: readonly Endpoint[];
  legs: readonly Leg[];
  inputs: Inputs;
  send: 'texts' | 'ids';
  encodingFormat: 'base64' | 'float';
  modelId: string | null;
  apiKey: string | null;
  checkVectors: boolean;
  retry: boolean;
  requestTimeoutMs: number;
  seed: number;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

export interface Progress {
  leg: Leg;
  /** From 0; rounds of all servers count. */
  round: number;
  rounds: number;
  /** Of this round. */
  texts: number;
  elapsedMs: number;
}

export interface LegResult {
  leg: Leg;
  /** In the order of the servers, each with its rounds. */
  rounds: Round[][];
  /** Where each server's time went in these rounds; null where it does not tell. */
  stages: (StageSeconds | null)[];
}

export interface BenchResult {
  servers: { endpoint: Endpoint; facts: ServerFacts }[];
  legs: LegResult[];
  interrupted: boolean;
}

type Measured = Pick<LegResult, 'leg' | 'rounds'>;

interface Server {
  client: Client;
  facts: ServerFacts;
}

/** Connections of an open loop; arrivals beyond them wait here, and their latency grows meanwhile. */
const OPEN_CONNECTIONS = 1024;
const LONGEST_WARM_UP_MS = 30_000;

/** Faults: SERVER_UNREACHABLE, SERVER_UNFIT, before any load. An interrupt ends it with what was measured. */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const clients = options.endpoints.map((endpoint) => openClient(endpoint, options));
  const abortAll = () => {
    for (const client of clients) client.abort().catch(() => undefined);
  };
  options.signal.addEventListener('abort', abortAll, { once: true });
  try {
    const servers: Server[] = [];
    for (const client of clients) servers.push({ client, facts: await probe(client, options) });
    const legs: LegResult[] = [];
    for (const leg of options.legs) {
      if (canGoOn(options.signal, legs)) legs.push(await runLeg(leg, servers, options));
    }
    return {
      servers: servers.map(({ client, facts }) => ({ endpoint: client.endpoint, facts })),
      legs,
      interrupted: options.signal.aborted,
    };
  } finally {
    options.signal.removeEventListener('abort', abortAll);
    await Promise.all(clients.map((client) => client.close()));
  }
}

function openClient(endpoint: Endpoint, options: BenchOptions): Client {
  const loops = options.legs.map(({ loop }) => loop);
  const connections = Math.max(
    ...loops.map((loop) => (loop.kind === 'closed' ? loop.clients : OPEN_CONNECTIONS)),
  );
  const { requestTimeoutMs: timeoutMs, apiKey, checkVectors } = options;
  return new Client({ endpoint, connections, timeoutMs, apiKey, checkVectors });
}

// A server that went away does not come back for the next round.
function canGoOn(signal: AbortSignal, legs: readonly Pick<LegResult, 'rounds'>[]): boolean {
  const rounds = legs.flatMap((leg) => leg.rounds.flat());
  return !signal.aborted && rounds.every(({ end }) => end !== 'unreachable' && end !== 'interrupted');
}

async function runLeg(leg: Leg, servers: readonly Server[], options: BenchOptions): Promise<LegResult> {
  const rounds: Round[][] = servers.map(() => []);
  for (const server of servers) await warmUp(leg, server, options);
  const before = await Promise.all(servers.map(({ client }) => readStages(client)));
  await runRounds({ leg, rounds }, servers, options);
  const spent = before.map(async (stages, index) => {
    const client = servers[index]?.client;
    return stages === null || client === undefined ? null : subtractStages(await readStages(client), stages);
  });
  return { leg, rounds, stages: await Promise.all(spent) };
}

async function runRounds(result: Measured, servers: readonly Server[], options: BenchOptions): Promise<void> {
  const { leg } = result;
  for (let round = 0; round < leg.rounds; round++) {
    for (const [index, server] of servers.entries()) {
      if (!canGoOn(options.signal, [result])) return;
      const measured = await runRound({
        ...options,
        ...makeLoads(server, options, round),
        client: server.client,
        leg,
        drainMs: options.requestTimeoutMs,
        onProgress: ({ texts, elapsedMs }) => {
          const done = round * servers.length + index;
          options.onProgress({ leg, round: done, rounds: leg.rounds * servers.length, texts, elapsedMs });
        },
      });
      // A round cut off before its first answer says nothing.
      if (measured.end !== 'interrupted' || measured.requests > 0) result.rounds[index]?.push(measured);
    }
  }
}

async function warmUp(leg: Leg, server: Server, options: BenchOptions): Promise<void> {
  if (leg.warmUpRequests === 0) return;
  const clients = leg.loop.kind === 'closed' ? leg.loop.clients : leg.warmUpRequests;
  const batchSize = Math.min(leg.batchSize, leg.textLimit);
  await runRound({
    ...options,
    ...makeLoads(server, options, WARM_UP_ROUND),
    client: server.client,
    leg: {
      ...leg,
      loop: { kind: 'closed', clients },
      batchSize,
      textLimit: batchSize * leg.warmUpRequests,
      timeLimitMs: LONGEST_WARM_UP_MS,
    },
    drainMs: options.requestTimeoutMs,
    onProgress: () => undefined,
  });
}

const WARM_UP_ROUND = -1;

// Each round of a leg has texts of its own, so that no cache has seen them; servers that are compared get the same.
function makeLoads(server: Server, options: BenchOptions, round: number) {
  const source = makeSource(options.inputs, makeRandom(options.seed + 2 * round));
  const fields = renderFields(server.facts.modelId, options.encodingFormat);
  return {
    random: makeRandom(options.seed + 2 * round + 1),
    makeLoad: (count: number): Load => ({
      body: renderBody(Array.from({ length: count }, source), fields),
      count,
    }),
  };
}
