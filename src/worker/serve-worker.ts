// The life of a worker process: take the order over IPC, open the embedder, prove it with one text, listen, tell
// the pool; drain when it says so; die at once when the pool's process is gone. Knows no engine: the caller hands in
// what opens one. Terminals, `timeout` and service managers signal the pool's process and its workers alike, so that
// what a signal means is left to the pool's process.
import type { Embedder, Note } from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import { openHttpService } from './http-service.ts';
import { vanish, watchParent } from './parent-watch.ts';
import { isStopOrder, parseStartOrder, type WorkerNews } from './news.ts';

/** Whom an embedder tells what no answer says. */
interface PoolEar {
  /** It is stuck in something that only the end of the process ends: the pool kills it. */
  onHang: (problem: string) => void;
  /** For the log. */
  onNote: (note: Note) => void;
}

export interface WorkerDuties {
  /** `settings` is the JSON value that the pool was given for this worker. */
  openEmbedder: (settings: unknown, pool: PoolEar) => Embedder | Promise<Embedder>;
}

const LEFT_TO_PARENT = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs for the life of the process; resolves when the worker listens or has told why it cannot. */
export async function serveWorker(duties: WorkerDuties): Promise<void> {
  for (const signal of LEFT_TO_PARENT) process.on(signal, () => undefined);
  try {
    const { socketPath, settings } = parseStartOrder(await firstMessage());
    await watchParent(socketPath);
    const embedder = await duties.openEmbedder(settings, POOL_EAR);
    await proveEmbedder(embedder);
    const service = await openHttpService({ socketPath, embedder });
    process.on('message', (message) => {
      if (!isStopOrder(message)) return;
      service
        .drain()
        .then(() => embedder.close())
        .then(() => process.exit(0), vanish);
    });
    await tellPool({ kind: 'ready' });
  } catch (error) {
    await tellPool({ kind: 'fault', fault: faultFrom(error).toWire() });
    process.exit(1);
  }
}

async function firstMessage(): Promise<unknown> {
  if (process.send === undefined) {
    throw new Fault('WIRE_MALFORMED', { problem: 'a worker is started by the pool, not by hand' });
  }
  return new Promise((resolve) => {
    process.once('disconnect', vanish);
    process.once('message', (message) => {
      process.off('disconnect', vanish);
      resolve(message);
    });
  });
}

/** Token ids, which every embedder takes, and which every vocabulary has. */
const FIRST_INPUT = [0, 1];

/** What no settings can promise: this library computes on this device. A native abort here names itself on stderr. */
async function proveEmbedder(embedder: Embedder): Promise<void> {
  const { vectors } = await embedder.embed([FIRST_INPUT]);
  if (vectors.length !== embedder.model.dimensions || !vectors.every(Number.isFinite)) {
    throw new Fault('ENGINE_FAILED', { problem: 'its first vector is not one' });
  }
}

const POOL_EAR: PoolEar = {
  onHang: (problem) => process.send?.({ kind: 'hang', problem } satisfies WorkerNews),
  onNote: (note) => process.send?.({ kind: 'note', note } satisfies WorkerNews),
};

function tellPool(news: WorkerNews): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) {
      process.stderr.write(`${JSON.stringify(news)}\n`);
      resolve();
      return;
    }
    // A failed send means that the pool is gone, which `disconnect` handles.
    process.send(news, () => {
      resolve();
    });
  });
}
