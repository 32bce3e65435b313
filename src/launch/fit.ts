// Owns the question whether workers fit into the memory that the budget allows, and the fault with the numbers where
// they do not. Pure.
import { Fault, gigabytes } from '../faults.ts';
import type { GpuGroup } from './gpu-groups.ts';
import type { Machine } from './machine.ts';
import { PURPOSES, sumOf, totalOf, type Bytes, type WorkerMemory } from './memory-budget.ts';

/** Memory that is one thing to a budget: a GPU's, or the system's. */
export interface Place {
  name: string;
  freeBytes: number;
  /** The share of it that may be taken. */
  allowedBytes: number;
  needed: Bytes;
}

export interface FitQuestion {
  machine: Machine;
  /** One per worker; null on the CPU. */
  groups: readonly GpuGroup[] | null;
  workers: number;
  memFractionStatic: number;
}

/** All places that the workers take memory of. */
export function listPlaces(
  { machine, groups, workers, memFractionStatic }: FitQuestion,
  { gpu, system }: WorkerMemory,
): Place[] {
  const place = (name: string, freeBytes: number, needed: Bytes): Place => ({
    name,
    freeBytes,
    allowedBytes: memFractionStatic * freeBytes,
    needed,
  });
  const gpus = (groups ?? []).flatMap((group) => group.gpus);
  const needed = sumOf(Array.from({ length: workers }, () => system));
  return [
    ...(gpu === null ? [] : gpus.map(({ name, freeBytes }) => place(name, freeBytes, gpu))),
    place('the system', machine.memory.freeBytes, needed),
  ];
}

/** The place that is shortest of memory; null where all suffice. */
export function findShortPlace(places: readonly Place[]): Place | null {
  const missing = ({ needed, allowedBytes }: Place) => totalOf(needed) - allowedBytes;
  const [worst] = [...places].sort((a, b) => missing(b) - missing(a));
  return worst !== undefined && missing(worst) > 0 ? worst : null;
}

const WORTH_NAMING_BYTES = 10e6;

/** The fault for a place that is short. */
export function shortageFault(
  { name, freeBytes, allowedBytes, needed }: Place,
  { memFractionStatic, advice }: { memFractionStatic: number; advice: string | null },
): Fault<'MEMORY_SHORT'> {
  const parts = PURPOSES.filter((purpose) => needed[purpose] >= WORTH_NAMING_BYTES)
    .sort((a, b) => needed[b] - needed[a])
    .map((purpose) => `${purpose} (${gigabytes(needed[purpose])})`);
  return new Fault('MEMORY_SHORT', {
    place: name,
    needed: parts.join(', '),
    neededBytes: totalOf(needed),
    allowedBytes,
    allowance: `--mem-fraction-static ${String(memFractionStatic)} of the ${gigabytes(freeBytes)} free there allows`,
    advice,
  });
}
