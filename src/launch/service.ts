// Owns the way from settings to a running service and back: checks, model file, plan, pool, server, shutdown in reverse.
// The port is bound first: a taken one is told at once, and /health answers "starting" while the model loads.
// Knows no terminal and no signals; who starts a service decides when it ends.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/options.ts';
import { Fault, faultFrom } from '../faults.ts';
import { planCacheFolder } from '../models/cache-folder.ts';
import { convertToCache } from '../models/convert-to-cache.ts';
import { findModel } from '../models/find-model.ts';
import { readModelPrompts } from '../models/prompts.ts';
import type { Log } from '../pool/log.ts';
import { openPool, type WorkerPool } from '../pool/pool.ts';
import { openServer, type Server } from '../server/server.ts';
import { describeRequests } from './describe-requests.ts';
import { openModelTemplate, openTemplateFile } from './chat-template.ts';
import { readMachine } from './machine.ts';
import { planRequestRules } from './request-rules.ts';
import { planLaunch, planOuttype, type Attempt, type ModelOnDisk } from './plan.ts';

/** What happens on the way, for whoever shows it. */
export interface Progress {
  onStep: (step: string) => void;
  onConversion: (progress: { bytesDone: number; bytesTotal: number }) => void;
  log: Log;
}

export interface StartOptions {
  settings: Settings<'launch'>;
  progress: Progress;
  /** Aborting ends the start with CANCELLED and leaves nothing behind. */
  signal?: AbortSignal;
}

export interface Service {
  url: string;
  modelName: string;
  attempt: Attempt;
  /** Refuses new requests, lets those in flight finish within the grace period, ends the workers. */
  close(): Promise<void>;
}

const WORKER_ENTRY = fileURLToPath(import.meta.resolve('../worker/main.js'));

/** Resolves when the first vector has been computed. Faults: those of every room below. */
export async function startService(options: StartOptions): Promise<Service> {
  const { settings } = options;
  const modelPath = settings.modelPath;
  if (modelPath === null)
    throw new Fault('BAD_OPTION', {
      option: '--model-path',
      problem: 'it is missing',
      hint: 'name a model: qwen-embed launch --model-path ./Qwen3-Embedding-0.6B',
    });
  const namedTemplate = settings.chatTemplate === null ? null : await openTemplateFile(settings.chatTemplate);
  const found = findModel(modelPath);
  const modelPrompts = readModelPrompts(found);
  const rules = planRequestRules(settings, modelPrompts);
  const modelName = settings.servedModelName ?? modelPath;
  const server = await openServer({
    host: settings.host,
    port: settings.port,
    model: { id: modelName, createdUnixSeconds: Math.floor(statSync(found.path).mtimeMs / 1000) },
    metrics: settings.enableMetrics,
    // A line per request is for whoever looks for it; refusals and failures come at their own level.
    log: ({ level, message, ...fields }) => {
      options.progress.log(level === 'info' ? 'debug' : level, message, fields);
    },
  });
  try {
    const { weights, ...model } = await prepareModel(found, options);
    const { pool, attempt } = await openBestPool(
      planLaunch({ settings, machine: readMachine(), model }),
      options,
    );
    const chatTemplate =
      namedTemplate ??
      (await openModelTemplate(model.file, (problem) => {
        options.progress.log('warn', `messages are refused: ${problem}`, {});
      }));
    if (weights !== null) options.progress.log('info', `weights: ${weights}`, {});
    const hasChatTemplate = chatTemplate !== null;
    const requests = describeRequests({ model: pool.model, modelName, rules, modelPrompts, hasChatTemplate });
    options.progress.log('info', requests, {});
    server.serve(pool, {
      isLive: () => pool.status().workers.some(({ state }) => state === 'ready'),
      fleet: () => pool.status(),
      rules,
      chatTemplate,
    });
    return {
      url: server.url,
      modelName,
      attempt,
      close: async () => {
        await shutDown(server, pool, settings);
        await chatTemplate?.close();
      },
    };
  } catch (error) {
    await server.close({ graceMs: 0 });
    throw error;
  }
}

async function shutDown(server: Server, pool: WorkerPool, settings: Settings<'launch'>): Promise<void> {
  await server.close({ graceMs: settings.gracePeriodSeconds * 1000 });
  await pool.close();
}

/** The .gguf file to serve; `weights` tells which type was picked for a folder, and why. */
async function prepareModel(
  found: ReturnType<typeof findModel>,
  options: StartOptions,
): Promise<ModelOnDisk & { weights: string | null }> {
  const { settings, progress, signal } = options;
  const onDisk = (file: string) => ({ file, sizeBytes: statSync(file).size });
  if (found.kind === 'gguf') {
    refuseDtype(settings, found.path);
    return { ...onDisk(found.path), weights: null };
  }
  const { outtype, reason } = planOuttype(settings, readMachine());
  progress.onStep(`converting ${found.path}`);
  const { file, wasCached } = await convertToCache({
    modelFolder: found.path,
    cacheFolder: settings.cacheFolder ?? planCacheFolder(process.env, process.platform),
    outtype,
    onProgress: progress.onConversion,
    onWarning: (warning) => {
      progress.log('warn', warning, {});
    },
    ...(signal === undefined ? {} : { signal }),
  });
  progress.log('debug', wasCached ? 'found the converted model' : 'converted the model', { file });
  return { ...onDisk(file), weights: `${outtype}, ${reason}` };
}

/** A file's weights have their type already. Faults: BAD_OPTION. */
function refuseDtype({ dtype }: Settings<'launch'>, path: string): void {
  if (dtype === 'auto') return;
  throw new Fault('BAD_OPTION', {
    option: `--dtype ${dtype}`,
    problem: `the weights in ${path} have their type already`,
    hint: 'leave it out, or give the Hugging Face folder instead of the .gguf file',
  });
}

async function openBestPool(
  attempts: readonly Attempt[],
  options: StartOptions,
): Promise<{ pool: WorkerPool; attempt: Attempt }> {
  for (const [i, attempt] of attempts.entries()) {
    options.progress.onStep(`loading the model (${attempt.reason})`);
    try {
      return { pool: await openAttempt(attempt, options), attempt };
    } catch (error) {
      const fault = faultFrom(error);
      if (i === attempts.length - 1 || !mayTryNext(fault, attempt)) throw error;
      options.progress.log(
        'warn',
        `${attempt.backend} (${attempt.workers[0]?.engine.compute ?? ''}) does not work: ${fault.message}`,
        {},
      );
    }
  }
  throw new Fault('BUG', { problem: 'a plan without attempts' });
}

// A model that is wrong is wrong everywhere; a device or library that fails is not. Our own graph refuses shapes and
// settings that llama.cpp may well know.
function mayTryNext({ code }: Fault, { workers }: Attempt): boolean {
  if (code === 'MODEL_UNSUPPORTED') return workers[0]?.engine.compute === 'graph';
  return ['NATIVE_MISSING', 'NATIVE_MISMATCH', 'ENGINE_FAILED', 'WORKER_START_FAILED'].includes(code);
}

function openAttempt({ workers }: Attempt, { progress, signal }: StartOptions): Promise<WorkerPool> {
  return openPool({
    workerCount: workers.length,
    workerEntry: WORKER_ENTRY,
    settings: (i) => workers[i]?.engine,
    env: (i) => workers[i]?.env ?? {},
    log: progress.log,
    ...(signal === undefined ? {} : { signal }),
  });
}
