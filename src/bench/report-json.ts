// A result as one JSON object for scripts, with what is needed to repeat it: machine, versions, command, load.
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { cosine } from '../client/answer.ts';
import { compareRounds } from './compare.ts';
import { collectNotes } from './report.ts';
import type { BenchResult } from './run.ts';
import type { Round } from './record.ts';
import { shareStages } from './stages.ts';
import { summarise } from './statistics.ts';

/** What the generator ran on; nothing is known of the servers' machines. */
function readMachine(): Record<string, unknown> {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    os: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  };
}

/** `load` and `command` as the caller knows them. */
export function renderJson(result: BenchResult, given: { command: string; load: Record<string, unknown> }) {
  const [a, b] = result.servers;
  return {
    command: given.command,
    date: new Date().toISOString(),
    machine: readMachine(),
    load: given.load,
    servers: result.servers.map(
      ({ endpoint, facts: { modelId, dimensions, encodingFormat, probeTokens } }) => ({
        url: endpoint.url,
        modelId,
        dimensions,
        encodingFormat,
        probeTokens,
      }),
    ),
    ...(a === undefined || b === undefined
      ? {}
      : { cosine: cosine(a.facts.probeVector, b.facts.probeVector) }),
    legs: result.legs.map(({ leg, rounds, stages }) => ({
      ...leg,
      servers: rounds.map((list, index) => {
        const spent = stages[index] ?? null;
        return { summary: sumUp(list), rounds: list, stages: spent === null ? null : shareStages(spent) };
      }),
      ratio: compareRounds({ rounds }),
    })),
    notes: collectNotes(result),
    interrupted: result.interrupted,
  };
}

function sumUp(rounds: readonly Round[]) {
  const total = (of: (round: Round) => number) => rounds.reduce((sum, round) => sum + of(round), 0);
  return {
    texts: total((round) => round.texts),
    requests: total((round) => round.requests),
    failures: total((round) => round.failures),
    textsPerSecond: summarise(rounds.map((round) => round.textsPerSecond)),
    tokensPerSecond: summarise(rounds.map((round) => round.tokensPerSecond)),
    latencyP50Ms: summarise(rounds.map((round) => round.latencyMs?.p50 ?? null)),
    latencyP95Ms: summarise(rounds.map((round) => round.latencyMs?.p95 ?? null)),
    latencyP99Ms: summarise(rounds.map((round) => round.latencyMs?.p99 ?? null)),
  };
}
