// Owns how much of the system's memory a new process may count on: what the kernel says is available, or what is left
// of a container's limit. Pages that only cache files count as free: the kernel gives them up when asked.
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export interface SystemMemory {
  freeBytes: number;
  totalBytes: number;
}

/** Reads a file of the kernel's; null where there is none. */
type ReadText = (path: string) => string | null;

const readFromDisk: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

/** `machine` and `read` are this machine's unless given. */
export function readSystemMemory(
  machine = { totalBytes: totalmem(), freeBytes: freemem() },
  read = readFromDisk,
): SystemMemory {
  const limits = readCgroups(read);
  const availableBytes = readField(read('/proc/meminfo'), 'MemAvailable:', 1024) ?? machine.freeBytes;
  return {
    totalBytes: Math.min(machine.totalBytes, ...limits.map(({ limitBytes }) => limitBytes)),
    freeBytes: Math.min(
      availableBytes,
      ...limits.map(({ limitBytes, usedBytes }) => Math.max(0, limitBytes - usedBytes)),
    ),
  };
}

interface Cgroup {
  limitBytes: number;
  usedBytes: number;
}

/** What the two versions of control groups call limit, usage, and the pages that can be given up. */
const VERSIONS = [
  {
    root: '/sys/fs/cgroup',
    line: /^0::(\/.*)$/m,
    limit: 'memory.max',
    used: 'memory.current',
    cached: ['inactive_file', 'active_file'],
  },
  {
    root: '/sys/fs/cgroup/memory',
    line: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m,
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    cached: ['total_inactive_file', 'total_active_file'],
  },
] as const;

/** This process's group and those above it, as far as they have limits. */
function readCgroups(read: ReadText): Cgroup[] {
  const own = read('/proc/self/cgroup') ?? '';
  return VERSIONS.flatMap(({ root, line, limit, used, cached }) => {
    const path = line.exec(own)?.[1] ?? '/';
    return foldersOf(path).flatMap((folder) => {
      const limitBytes = Number(read(`${root}${folder}${limit}`) ?? NaN);
      const usedBytes = Number(read(`${root}${folder}${used}`) ?? NaN);
      if (!Number.isFinite(limitBytes) || !Number.isFinite(usedBytes)) return [];
      const statistics = read(`${root}${folder}memory.stat`);
      const cachedBytes = cached.reduce((sum, name) => sum + (readField(statistics, name, 1) ?? 0), 0);
      return [{ limitBytes, usedBytes: Math.max(0, usedBytes - cachedBytes) }];
    });
  });
}

/** `/a/b` gives `/a/b/`, `/a/`, `/`. */
function foldersOf(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return Array.from({ length: names.length + 1 }, (_, i) => {
    const kept = names.slice(0, names.length - i);
    return kept.length === 0 ? '/' : `/${kept.join('/')}/`;
  });
}

function readField(text: string | null, name: string, unitBytes: number): number | null {
  const line = text?.split('\n').find((candidate) => candidate.split(/\s+/)[0] === name);
  const value = Number(line?.split(/\s+/)[1] ?? NaN);
  return Number.isFinite(value) ? value * unitBytes : null;
}
