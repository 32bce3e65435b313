// Owns the way from a model's name to workers that compute it: found or fetched, planned, converted, loaded.
// Who asks them is not known here: a server, or a program that wants no HTTP.
// Order of calls: nameModel -> bringModel -> openModel.
import type { Settings } from '../config/options.ts';
import type { ReportDownload } from '../download/contract.ts';
import { readModelFile } from '../engine/model-file.ts';
import { convertToCache } from '../models/convert-to-cache.ts';
import { findModel, type FoundModel } from '../models/find-model.ts';
import type { ModelReference } from '../models/reference.ts';
import { chooseModel } from '../models/shipped-model.ts';
import { readCacheFolder, readPlaces } from '../models/places.ts';
import { verifyFiles } from '../models/verify-files.ts';
import type { Log } from '../log.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import { checkTokenizer } from './check-tokenizer.ts';
import { fetchModel } from './fetch-model.ts';
import { planLoadLimits } from './load-limits.ts';
import { openBestPool } from './open-best-pool.ts';
import type { Attempt } from './plan.ts';
import { planService, type ServicePlan } from './plan-service.ts';
import { askGpusOnce, type AskGpus } from './probe-gpus.ts';
import { settleWeights, tellFileWeights } from './weights-options.ts';

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
  /** Of this start alone. */
  askGpus?: AskGpus;
}

export interface NamedModel {
  /** What clients call it, unless a setting says otherwise. */
  name: string;
  reference: ModelReference;
  /** The options with what they mean for this kind of model. */
  options: StartOptions;
}

export interface OpenModel {
  pool: WorkerPool;
  attempt: Attempt;
  modelFile: string;
}

/** Asks no network. Faults: MODEL_MISSING, BAD_OPTION. */
export function nameModel(options: StartOptions): NamedModel {
  const chosen = chooseModel(options.settings.modelPath);
  if (chosen.notice !== null) options.progress.log('info', chosen.notice, {});
  const reference = findModel(chosen.path);
  const settings = settleWeights(options.settings, reference);
  checkTokenizer(settings, reference);
  return { name: chosen.name, reference, options: { ...options, settings, askGpus: askGpusOnce() } };
}

/** Faults: those of the hub and the download; of files that are not what --model-checksum says. */
export async function bringModel({ reference, options }: NamedModel): Promise<FoundModel> {
  const { settings, progress, signal } = options;
  if (settings.modelChecksum !== null) {
    progress.onStep('verifying the files of the model');
    const { hubSettings } = readPlaces(settings);
    const source = settings.modelChecksum;
    await verifyFiles(reference, { source, hubSettings, ...(signal === undefined ? {} : { signal }) });
  }
  if (reference.kind === 'gguf') {
    const { path } = reference;
    const { weightsType: type } = readModelFile(path).facts;
    progress.log('info', tellFileWeights(settings, { path, type }), {});
  }
  if (reference.kind !== 'hub') return reference;
  return { kind: 'gguf', path: await fetchModel(reference, options) };
}

/** Resolves when every worker has computed a text. Faults: those of the plan, the conversion and the engine. */
export async function openModel(found: FoundModel, options: StartOptions): Promise<OpenModel> {
  const { settings, progress, signal } = options;
  const plan = await planService(settings, found, options.askGpus);
  tellPlan(plan, progress.log);
  const modelFile = await prepareModel(plan, options);
  const opened = await openBestPool({
    attempts: plan.launch.attempts,
    modelFile,
    limits: planLoadLimits(settings),
    onStep: progress.onStep,
    log: progress.log,
    ...(signal === undefined ? {} : { signal }),
  });
  if (plan.weights !== null)
    progress.log('info', `weights: ${plan.weights.outtype}, ${plan.weights.reason}`, {});
  return { ...opened, modelFile };
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

/** The .gguf file to serve. */
async function prepareModel({ found, weights }: ServicePlan, options: StartOptions): Promise<string> {
  const { settings, progress, signal } = options;
  if (weights === null) return found.path;
  progress.onStep(`converting ${found.path}`);
  const { file, wasCached } = await convertToCache({
    modelFolder: found.path,
    cacheFolder: readCacheFolder(settings),
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
