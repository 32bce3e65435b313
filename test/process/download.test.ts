import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { repoFolder } from '../../src/download/cache-layout.ts';
import type { DownloadEvent } from '../../src/download/contract.ts';
import { openHubServer, type HubServer } from '../fixtures/hub-server.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const CHILD = fileURLToPath(new URL('../fixtures/download-worker.js', import.meta.url));
const REPO = 'Qwen/Qwen3-Embedding-Test';
const PART_BYTES = 1 << 20;
const PARTS = 20;
// Above the size from which a thread hashes.
const WEIGHTS = Buffer.alloc(PARTS * PART_BYTES, 'seventeen letters');

type Line = DownloadEvent | { kind: 'read'; bytes: number };

interface Child {
  process: ChildProcess;
  lines: Line[];
  ended: Promise<unknown>;
  /** Resolves with the first line of a kind. */
  says: (kind: Line['kind']) => Promise<Line>;
}

async function openScene(t: TestContext): Promise<{ server: HubServer; cache: string; start: () => Child }> {
  const cache = makeTemporaryFolder();
  const server = await openHubServer({ repos: { [REPO]: { files: { 'model.safetensors': WEIGHTS } } } });
  const children: ChildProcess[] = [];
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await server.close();
  });
  const start = (): Child => {
    const env = { ...process.env, HF_ENDPOINT: server.url, HF_HUB_CACHE: cache };
    const child = spawn(process.execPath, [CHILD, REPO, String(PART_BYTES), '2'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines: Line[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (text) => {
      lines.push(JSON.parse(text) as Line);
      reader.emit('told');
    });
    const says = async (kind: Line['kind']): Promise<Line> => {
      for (;;) {
        const found = lines.find((line) => line.kind === kind);
        if (found !== undefined) return found;
        await once(reader, 'told');
      }
    };
    return { process: child, lines, ended: once(child, 'close'), says };
  };
  return { server, cache, start };
}

const storeRequests = ({ requests }: HubServer): (string | undefined)[] =>
  requests.flatMap(({ kind, headers }) => (kind === 'store' ? [headers.range] : []));

function assertOneCopy(server: HubServer, cache: string): void {
  const folder = repoFolder({ cacheFolder: cache }, REPO);
  assert.equal(readdirSync(join(folder, 'blobs')).length, 1);
  assert.ok(
    readFileSync(join(folder, 'snapshots', server.commitOf(REPO), 'model.safetensors')).equals(WEIGHTS),
  );
}

test('two processes that download the same model end with one copy, fetched once', async (t) => {
  const { server, cache, start } = await openScene(t);
  let release: (value: unknown) => void = () => undefined;
  const until = new Promise((resolve) => (release = resolve));
  const first = start();
  // Half way, the first is held until the second has met its lock.
  server.misbehave = ({ kind, earlier }) =>
    kind === 'store' && earlier === PARTS / 2 ? { kind: 'hold', until } : null;
  await first.says('file-progress');
  const second = start();
  const waiting = await second.says('waiting');
  assert.match(
    JSON.stringify(waiting),
    new RegExp(`"reason":"lock".*process ${String(first.process.pid)} on `),
  );
  release(null);
  await Promise.all([first.says('done'), second.says('done')]);
  assertOneCopy(server, cache);
  assert.equal(new Set(storeRequests(server)).size, PARTS);
  assert.equal(storeRequests(server).length, PARTS);
});

test('after SIGKILL the next process goes on at once, and reads each byte from disk at most once', async (t) => {
  const { server, cache, start } = await openScene(t);
  const killed = start();
  let kill: () => void = () => undefined;
  const half = new Promise<void>((resolve) => (kill = resolve));
  server.misbehave = ({ kind, earlier }) => {
    if (kind !== 'store' || earlier < PARTS / 2) return null;
    kill();
    return { kind: 'stall', afterBytes: 100_000 };
  };
  await half;
  killed.process.kill('SIGKILL');
  await killed.ended;
  server.misbehave = () => null;
  const next = start();
  const done = await next.says('done');
  const read = await next.says('read');
  assertOneCopy(server, cache);
  assert.ok(
    done.kind === 'done' && done.fetchedBytes <= WEIGHTS.length / 2 + 2 * PART_BYTES,
    JSON.stringify(done),
  );
  assert.ok(!next.lines.some(({ kind }) => kind === 'waiting'), 'the lock of the dead is no hindrance');
  // What came over the network, the whole file once for its digest, and the little that a thread needs to start.
  assert.ok(
    read.kind === 'read' && read.bytes < done.fetchedBytes + WEIGHTS.length + 2_000_000,
    JSON.stringify(read),
  );
});
