// What Linux tells about a server and its workers, for the soak, benchmarks and tests: who they are, what they hold. Does
// nothing to them.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

interface Holdings {
  residentBytes: number;
  /** Sockets, pipes and files. What event loops hold is left out: a thread is started when it is first needed. */
  handles: number;
}

/** What one moment shows. */
export interface Census {
  front: Holdings;
  workers: Holdings[];
}

/** The children of a process that are alive, stopped ones included. */
export function workersOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${String(pid)}/task`);
  const children = threads.flatMap((thread) => {
    const listed = readFileSync(`/proc/${String(pid)}/task/${thread}/children`, 'utf8');
    return listed.split(' ').filter((id) => id.trim() !== '');
  });
  return children.map(Number).filter((child) => stateOf(child) !== null && stateOf(child) !== 'Z');
}

/** As in `ps`: T = stopped, Z = dead and not waited for; null = there is no such process. */
export function stateOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  } catch {
    return null;
  }
}

export function takeCensus(pid: number): Census {
  const workers = workersOf(pid).flatMap((worker) => {
    const holdings = readHoldings(worker);
    return holdings === null ? [] : [holdings];
  });
  return { front: readHoldings(pid) ?? { residentBytes: 0, handles: 0 }, workers };
}

/** null for a process that has just died. */
function readHoldings(pid: number): Holdings | null {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return {
      residentBytes: 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0),
      handles: countHandles(pid),
    };
  } catch {
    return null;
  }
}

function countHandles(pid: number): number {
  const folder = `/proc/${String(pid)}/fd`;
  const targets = readdirSync(folder).flatMap((handle) => {
    try {
      return [readlinkSync(join(folder, handle))];
    } catch {
      // It was closed since the folder was read.
      return [];
    }
  });
  return targets.filter((target) => !isOfLoop(target, targets)).length;
}

/** An event loop has polls, events and a pipe to itself. */
function isOfLoop(target: string, all: readonly string[]): boolean {
  if (target.startsWith('anon_inode:')) return true;
  return target.startsWith('pipe:') && all.indexOf(target) !== all.lastIndexOf(target);
}
