// Owns the way from settings to a running service and back: checks, model file, plan, pool, server, shutdown in reverse.
// The port is bound first: a taken one is told at once, and /health answers "starting" while the model loads.
// Knows no terminal and no signals; who starts a service decides when it ends.
import { statSync } from 'node:fs';
import type { Settings } from '../config/options.ts';
import type { ReportDownload } from '../download/contract.ts';
import { planCacheFolder } from '../models/cache-folder.ts';
import { convertToCache } from '../models/convert-to-cache.ts';
import { findModel, type FoundModel } from '../models/find-model.ts';
import { readModelPrompts } from '../models/prompts.ts';
import type { ModelReference } from '../models/reference.ts';
import { chooseModel } from '../models/shipped-model.ts';
import type { Log } from '../pool/log.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import { openServer, type Server } from '../server/server.ts';
import { describeRequests } from './describe-requests.ts';
import { openModelTemplate, openTemplateFile } from './chat-template.ts';
import { fetchModel } from './fetch-model.ts';
import { planLoadLimits } from './load-limits.ts';
import { openBestPool } from './open-best-pool.ts';
import type { Attempt } from './plan.ts';
import { planService, type ServicePlan } from './plan-service.ts';
import { planRequestRules } from './request-rules.ts';
import { planServer } from './server-plan.ts';
import { readVersion } from './version.ts';
import { settleWeights } from './weights-options.ts';

/** What happens on the way, for whoever shows it. */
export interface Progress {
  onStep: (step: string) => void;
  onConversion: (progress: { bytesDone: number; bytesTotal: number }) => void;
  /** Of a model that is named by its repository. */
  onDownload: ReportDownload;
  log: Log;
  /** One line per answered HTTP request. */
  logHttp: Log;
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

// Any will do: it goes the whole way that requests go.
const WARM_UP_TEXT = 'The capital city of France is';

/** Resolves when the first vector has been computed. Faults: those of every room below. */
export async function startService(wanted: StartOptions): Promise<Service> {
  const { progress, signal } = wanted;
  const chosen = chooseModel(wanted.settings.modelPath);
  if (chosen.notice !== null) progress.log('info', chosen.notice, {});
  const named = findModel(chosen.path);
  const settings = settleWeights(wanted.settings, named);
  const options = { ...wanted, settings };
  const namedTemplate = settings.chatTemplate === null ? null : await openTemplateFile(settings.chatTemplate);
  const modelName = settings.servedModelName ?? chosen.name;
  const server = await openServer({
    ...planServer(settings, readVersion()),
    model: { id: modelName, createdUnixSeconds: Math.floor(modelTimeMs(named) / 1000) },
    log: ({ kind, level, message, ...fields }) => {
      const { log, logHttp } = progress;
      (kind === 'access' ? logHttp : log)(level, message, fields);
    },
  });
  try {
    const found: FoundModel =
      named.kind === 'hub' ? { kind: 'gguf', path: await fetchModel(named, options) } : named;
    const modelPrompts = readModelPrompts(found);
    const rules = planRequestRules(settings, modelPrompts);
    const plan = await planService(settings, found);
    tellPlan(plan, progress.log);
    const modelFile = await prepareModel(plan, options);
    const { pool, attempt } = await openBestPool({
      attempts: plan.launch.attempts,
      modelFile,
      limits: planLoadLimits(settings),
      onStep: progress.onStep,
      log: progress.log,
      ...(signal === undefined ? {} : { signal }),
    });
    if (plan.weights !== null)
      progress.log('info', `weights: ${plan.weights.outtype}, ${plan.weights.reason}`, {});
    const chatTemplate =
      namedTemplate ??
      (await openModelTemplate(modelFile, (problem) => {
        progress.log('warn', `messages are refused: ${problem}`, {});
      }));
    if (!settings.skipServerWarmup) await pool.embed([WARM_UP_TEXT]);
    const hasChatTemplate = chatTemplate !== null;
    const requests = describeRequests({ model: pool.model, modelName, rules, modelPrompts, hasChatTemplate });
    progress.log('info', requests, {});
    server.serve(pool, {
      isLive: () => pool.status().workers.some(({ state }) => state === 'ready'),
      checkRoom: () => {
        pool.checkRoom();
      },
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

// What was wished and is not so is told; what nobody asked for is for whoever looks for it.
function tellPlan({ launch }: ServicePlan, log: Log): void {
  const [{ backend, shrunk }] = launch.attempts;
  for (const { backend: passed, fault } of launch.passedOver)
    log(passed === 'vulkan' ? 'debug' : 'warn', `${passed} is passed over: ${fault.message}`, {});
  const { contextTokens, ...speed } = shrunk;
  if (contextTokens !== undefined)
    log('warn', `memory is short: texts of more than ${String(contextTokens.taken)} tokens are refused`, {
      model: contextTokens.wished,
    });
  if (Object.keys(speed).length > 0) log('info', `memory is short: less is planned on ${backend}`, speed);
}

// A repository's files may not be here yet.
function modelTimeMs(named: ModelReference): number {
  return named.kind === 'hub' ? Date.now() : statSync(named.path).mtimeMs;
}

async function shutDown(server: Server, pool: WorkerPool, settings: Settings<'launch'>): Promise<void> {
  await server.close({ graceMs: settings.gracePeriodSeconds * 1000 });
  await pool.close();
}

/** The .gguf file to serve. */
async function prepareModel({ found, weights }: ServicePlan, options: StartOptions): Promise<string> {
  const { settings, progress, signal } = options;
  if (weights === null) return found.path;
  progress.onStep(`converting ${found.path}`);
  const { file, wasCached } = await convertToCache({
    modelFolder: found.path,
    cacheFolder: settings.cacheFolder ?? planCacheFolder(process.env, process.platform),
    outtype: weights.outtype,
    onProgress: progress.onConversion,
    onWarning: (warning) => {
      progress.log('warn', warning, {});
    },
    ...(signal === undefined ? {} : { signal }),
  });
  progress.log('debug', wasCached ? 'found the converted model' : 'converted the model', { file });
  return file;
}
