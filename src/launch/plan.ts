// Owns every decision between settings and a running service: which ways to compute are tried, in which order, on which
// GPUs, with how many lanes of which size, and whether that fits the memory. Pure: settings, machine and the model's
// outline in; attempts, best first, out. What each part decides is in candidates, gpu-groups, sizes, memory-budget, fit.
import type { Settings } from '../config/options.ts';
import type { ComputeKind } from '../engine/compute.ts';
import type { EngineSettings } from '../engine/engine.ts';
import type { Backend } from '../engine/libraries.ts';
import type { SchedulePolicy } from '../engine/schedule-policy.ts';
import { Fault } from '../faults.ts';
import { adviseFit } from './advice.ts';
import { planCoreShares, type CoreShares } from './core-shares.ts';
import { planCandidates, type Candidate, type PassedOver } from './candidates.ts';
import { findShortPlace, listPlaces, shortageFault, type Place } from './fit.ts';
import { planGpuGroups, type GpuGroup, type GroupSettings } from './gpu-groups.ts';
import { planHangTimeout } from './load-limits.ts';
import { VISIBLE_GPUS, type Machine } from './machine.ts';
import { planMemory, type WorkerMemory } from './memory-budget.ts';
import type { ModelOutline } from './model-outline.ts';
import { planSizes, type Sizes, type SizeSettings } from './sizes.ts';

export type PlanSettings = SizeSettings &
  GroupSettings &
  Pick<
    Settings<'launch'>,
    | 'device'
    | 'compute'
    | 'memFractionStatic'
    | 'threads'
    | 'skipTokenizer'
    | 'llamaFolder'
    | 'embeddingCacheSize'
    | 'watchdogTimeoutSeconds'
    | 'schedulePolicy'
  >;

/** What the engine does under a policy: priorities are the server's to read, and routing keys nobody's. */
const planPolicy = (policy: PlanSettings['schedulePolicy']): SchedulePolicy =>
  policy === 'priority' || policy === 'routing-key' ? 'fcfs' : policy;

export interface PlanQuestion {
  settings: PlanSettings;
  machine: Machine;
  model: ModelOutline;
}

interface WorkerPlan {
  /** All but the model's file, which may still have to be made. */
  engine: Omit<EngineSettings, 'modelFile'>;
  env: Record<string, string>;
  /** Names of its GPUs; empty on the CPU. */
  gpus: string[];
}

/** One way to run the model; the next attempt is taken when no worker of this one can start. */
export interface Attempt {
  backend: Backend;
  compute: ComputeKind;
  /** One line on what was decided and why. */
  reason: string;
  workers: WorkerPlan[];
  /** What each worker takes, and what all of them together take of each place. */
  memory: WorkerMemory;
  places: Place[];
  /** Sizes that are smaller than they would be with more memory. */
  shrunk: Partial<Record<keyof Sizes, { wished: number; taken: number }>>;
}

export interface LaunchPlan {
  attempts: [Attempt, ...Attempt[]];
  passedOver: PassedOver[];
}

/** Threads of a worker whose arithmetic runs on a GPU. */
const GPU_HOST_THREADS = 4;

/** Faults: DEVICE_MISSING, BAD_OPTION, MEMORY_SHORT where no way fits. */
export function planLaunch(question: PlanQuestion): LaunchPlan {
  const { candidates, passedOver } = planCandidates(question.settings, question.machine);
  const attempts: Attempt[] = [];
  const tooLarge: PassedOver[] = [];
  for (const candidate of candidates) {
    const fitted = fitWorkers(question, candidate);
    if ('short' in fitted)
      tooLarge.push({ ...candidate, fault: shortageOf(question, { candidate, short: fitted.short }) });
    else attempts.push(fitted);
  }
  const [first, ...rest] = attempts;
  if (first !== undefined) return { attempts: [first, ...rest], passedOver: [...passedOver, ...tooLarge] };
  throw tooLarge[0]?.fault ?? new Fault('BUG', { problem: 'a plan without ways to try' });
}

/** The numbers of the smallest sizes, and what would fit. */
function shortageOf(
  question: PlanQuestion,
  { candidate, short }: { candidate: Candidate; short: Place },
): Fault {
  const { memFractionStatic } = question.settings;
  const fits = (other: PlanQuestion) => !('short' in fitWorkers(other, candidate));
  return shortageFault(short, { memFractionStatic, advice: adviseFit(question, fits) });
}

/** The first sizes that fit, or where even the smallest do not. */
function fitWorkers(question: PlanQuestion, candidate: Candidate): Attempt | { short: Place } {
  const { settings, machine, model } = question;
  const { backend, compute } = candidate;
  const groups = planGroups(question, backend);
  const split = groups === null ? 1 : settings.tensorParallel;
  const cores = coresOf(question);
  const ladder = planSizes(settings, { backend, cores, contextTokens: planContext(question) });
  const budget = {
    machine,
    groups,
    workers: settings.dataParallel,
    memFractionStatic: settings.memFractionStatic,
  };
  let short: Place | null = null;
  for (const sizes of ladder) {
    const memory = planMemory({ backend, compute, ...model, sizes, split });
    const places = listPlaces(budget, memory);
    short = findShortPlace(places);
    if (short !== null) continue;
    const workers = Array.from({ length: settings.dataParallel }, (_, i) =>
      planWorker(question, { candidate, sizes, group: groups?.[i] ?? null }),
    );
    return { ...candidate, workers, memory, places, shrunk: compareSizes(ladder[0], sizes) };
  }
  if (short === null) throw new Fault('BUG', { problem: 'no sizes to try' });
  return { short };
}

function planGroups({ settings, machine }: PlanQuestion, backend: Backend): GpuGroup[] | null {
  const probe = machine.gpus[backend];
  if (backend === 'cpu' || probe === undefined || 'problem' in probe) return null;
  return planGpuGroups(settings, { gpus: probe.gpus, visible: machine.visibleGpus[backend] });
}

/** Longest text that the settings ask for. Faults: BAD_OPTION beyond the model's own. */
function planContext({ settings, machine, model }: PlanQuestion): number {
  const wanted = settings.contextLength ?? model.contextTokens;
  if (wanted <= model.contextTokens || machine.allowsLongerContext) return wanted;
  throw new Fault('BAD_OPTION', {
    option: `--context-length ${String(wanted)}`,
    problem: `the model was trained for ${String(model.contextTokens)} tokens`,
    hint: 'leave it out, or set SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1 and expect worse vectors',
  });
}

function coresOf({ settings, machine, model }: PlanQuestion): CoreShares {
  const share = Math.max(1, Math.floor(machine.cores / settings.dataParallel));
  return planCoreShares(settings.threads ?? share, model.shape);
}

function planWorker(
  question: PlanQuestion,
  { candidate, sizes, group }: { candidate: Candidate; sizes: Sizes; group: GpuGroup | null },
): WorkerPlan {
  const { settings } = question;
  const { backend, compute } = candidate;
  const onCpu = backend === 'cpu';
  const { cores, threads } = coresOf(question);
  const variable = VISIBLE_GPUS[backend];
  return {
    engine: {
      backend,
      libraryFolder: settings.llamaFolder,
      compute,
      gpuLayers: onCpu ? 0 : -1,
      threads: settings.threads ?? (onCpu ? threads : Math.min(cores, GPU_HOST_THREADS)),
      steadyThreads: settings.deterministic,
      schedulePolicy: planPolicy(settings.schedulePolicy),
      takesTexts: !settings.skipTokenizer,
      cachedVectors: settings.embeddingCacheSize,
      decodeTimeoutMs: planHangTimeout(settings.watchdogTimeoutSeconds),
      ...sizes,
    },
    env: {
      // Decodes run on libuv's threads: one per lane, the default four beside them.
      UV_THREADPOOL_SIZE: String(sizes.lanes + 4),
      ...(variable === undefined || group === null ? {} : { [variable]: group.visible }),
    },
    gpus: group?.gpus.map(({ name }) => name) ?? [],
  };
}

function compareSizes(wished: Sizes, taken: Sizes): Attempt['shrunk'] {
  const names = ['lanes', 'batchTokens', 'prefixTokens', 'contextTokens'] as const;
  return Object.fromEntries(
    names
      .filter((name) => wished[name] !== taken[name])
      .map((name) => [name, { wished: wished[name], taken: taken[name] }]),
  );
}
