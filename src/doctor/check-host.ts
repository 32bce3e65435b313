// Looks at what the program runs on: Node, memory, the port it would listen on.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { gigabytes } from '../faults.ts';
import { FAMILY, type FamilyMember } from '../launch/family.ts';
import { readHost } from '../launch/machine.ts';
import { planOuttype } from '../launch/outtype.ts';
import { type Finding, ok, type Patient, problem, warning } from './finding.ts';

/** package.json's `engines`; a test holds them equal. */
export const LEAST_NODE = '20.18.1';

export function checkNode(): Finding {
  const { node } = process.versions;
  if (compareVersions(node, LEAST_NODE) >= 0) return ok(`${node}; ${LEAST_NODE} or newer is needed`);
  return problem(`${node} is older than ${LEAST_NODE}`, 'install a newer Node from https://nodejs.org');
}

/** Below 0 where `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const differences = [0, 1, 2].map((i) => (left?.[i] ?? 0) - (right?.[i] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

const BYTES_PER_WEIGHT = { f32: 4, f16: 2, bf16: 2, q8_0: 34 / 32 };

export function checkMemory({ settings }: Patient): Finding {
  const host = readHost();
  const { freeBytes, totalBytes } = host.memory;
  const { outtype } = planOuttype(settings, host);
  const needs = FAMILY.map((member) => ({
    name: `${member.name} in ${outtype}`,
    bytes: countWeights(member) * BYTES_PER_WEIGHT[outtype],
  }));
  const room = `${gigabytes(freeBytes)} free of ${gigabytes(totalBytes)}`;
  const largest = needs.filter(({ bytes }) => bytes <= settings.memFractionStatic * freeBytes).at(-1);
  if (largest !== undefined) return ok(`${room}; room for ${largest.name} (${gigabytes(largest.bytes)})`);
  const [smallest] = needs;
  return warning(
    `${room}; ${smallest?.name ?? ''} has ${gigabytes(smallest?.bytes ?? 0)}`,
    'free memory, or launch with --outtype q8_0',
  );
}

function countWeights({ shape }: FamilyMember): number {
  const { layers, hidden, ffn, heads, kvHeads, headDim, vocabulary } = shape;
  const attention = 2 * hidden * (heads + kvHeads) * headDim;
  return vocabulary * hidden + layers * (attention + 3 * hidden * ffn);
}

export async function checkPort({ settings: { host, port } }: Patient): Promise<Finding> {
  const place = `${host}:${String(port)}`;
  const server = createServer();
  try {
    await once(server.listen({ host, port }), 'listening');
    server.close();
    return ok(`${place} is free`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      return warning(
        `${place} is in use`,
        'ask who it is with: qwen-embed health; or launch with another --port',
      );
    return problem(
      `cannot listen on ${place}: ${message}`,
      '--host takes an address of this machine: 127.0.0.1 or 0.0.0.0',
    );
  }
}
