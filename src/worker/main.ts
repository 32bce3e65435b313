// What a worker process runs: the engine, behind the worker's socket. Started by the pool with its settings.
import { openEngine, type EngineSettings } from '../engine/engine.ts';
import { serveWorker } from './serve-worker.ts';

await serveWorker({
  // The launcher of the same version made them; they crossed one IPC channel as JSON.
  openEmbedder: (settings, listeners) => openEngine(settings as EngineSettings, listeners),
});
