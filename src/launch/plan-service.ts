// Owns the way from settings and a model, here or not yet, to a plan: facts of the machine, type of the weights, the model's
// outline, the plan. Reads headers and asks drivers; loads and converts nothing.
import type { Settings } from '../config/options.ts';
import type { FoundModel } from '../models/find-model.ts';
import type { DistantModel } from '../models/survey-repo.ts';
import { planBackends } from './candidates.ts';
import { readHost, readMachine, type Machine } from './machine.ts';
import { settleContext } from './model-overrides.ts';
import { outlineModel, type ModelOutline } from './model-outline.ts';
import { planOuttype } from './outtype.ts';
import { planLaunch, type LaunchPlan } from './plan.ts';
import { probeGpus, type AskGpus } from './probe-gpus.ts';

export interface ServicePlan {
  found: FoundModel | DistantModel;
  machine: Machine;
  model: ModelOutline;
  /** The type that safetensors are converted to, and why; null for a .gguf file. */
  weights: ReturnType<typeof planOuttype> | null;
  launch: LaunchPlan;
}

/** Faults: those of the model's header, DEVICE_MISSING, BAD_OPTION, MEMORY_SHORT. */
export async function planService(
  wanted: Settings<'launch'>,
  found: FoundModel | DistantModel,
  askGpus: AskGpus = probeGpus,
): Promise<ServicePlan> {
  const settings = settleContext(wanted);
  const host = readHost();
  const weights = planWeights(settings, { host, found });
  const model = outlineModel(found, weights.outtype);
  const backends = planBackends(settings.device, host)
    .map(({ backend }) => backend)
    .filter((backend) => backend !== 'cpu');
  const machine = await readMachine(host, { backends, libraryFolder: settings.llamaFolder }, askGpus);
  const launch = planLaunch({ settings, machine, model });
  const isFile = found.kind === 'gguf' || found.kind === 'header';
  return { found, machine, model, weights: isFile ? null : weights, launch };
}

function planWeights(
  settings: Settings<'launch'>,
  { host, found }: { host: ReturnType<typeof readHost>; found: FoundModel | DistantModel },
): ReturnType<typeof planOuttype> {
  const named = found.kind === 'config' ? found.outtype : null;
  return named === null ? planOuttype(settings, host) : { outtype: named, reason: 'as asked for' };
}
