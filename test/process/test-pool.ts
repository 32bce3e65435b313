// What the process tests share: a pool of fixture workers that is closed with the test, its log, and whether answers and
// processes are what they should be.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Embeddings } from '../../src/embedder.ts';
import type { PoolOptions } from '../../src/pool/pool-options.ts';
import { openPool } from '../../src/pool/pool.ts';
import type { WorkerPool } from '../../src/pool/worker-pool.ts';
import { knownVector } from './known-embedder.ts';

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}-worker.js`, import.meta.url));

export interface TestPool {
  pool: WorkerPool;
  /** Messages, and what workers print. */
  lines: string[];
  /** The ids of requests that each message names. */
  idsOf: (message: string) => unknown;
}

type TestPoolOptions = Partial<PoolOptions> & { worker: string };

export async function openTestPool(
  t: TestContext,
  { worker, ...options }: TestPoolOptions,
): Promise<TestPool> {
  const lines: string[] = [];
  const ids = new Map<string, unknown>();
  const pool = await openPool({
    workerCount: 1,
    workerEntry: fixture(worker),
    settings: (index) => ({ index }),
    restartLimits: { firstDelayMs: 1 },
    log: (_level, message, fields) => {
      lines.push(message);
      ids.set(message, fields['requestIds']);
    },
    ...options,
  });
  t.after(() => pool.close());
  return { pool, lines, idsOf: (message) => ids.get(message) };
}

/** Every row is the vector of its text. */
export function assertKnown(texts: readonly string[], { vectors, dimensions }: Embeddings): void {
  assert.deepEqual(
    [...vectors],
    texts.flatMap((text) => knownVector(text, dimensions)),
  );
}

/** A dead process that nobody has waited for yet still takes signals. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ESRCH' || (code === 'ENOENT' && process.platform === 'linux');
  }
}
