// Owns how a plan is shown: lines and tables for people, one object for scripts. Pure; decides nothing.
import type { Settings } from '../config/options.ts';
import { gigabytes } from '../faults.ts';
import type { Machine } from '../launch/machine.ts';
import { PURPOSES, totalOf, type Bytes } from '../launch/memory-budget.ts';
import type { ServicePlan } from '../launch/plan-service.ts';
import type { Attempt } from '../launch/plan.ts';
import type { Sizes } from '../launch/sizes.ts';
import { renderColumns } from './columns.ts';

const count = (value: number): string => value.toLocaleString('en-US');

/** The plan in three parts: what is there, what was decided and why, what takes how much memory. */
export function renderPlan(plan: ServicePlan, settings: Settings<'launch'>): string {
  const [attempt] = plan.launch.attempts;
  return [
    renderColumns(factRows(plan)).join('\n'),
    renderColumns([['decided', '', 'why'], ...decisionRows(plan, settings)]).join('\n'),
    renderColumns(memoryRows(attempt)).join('\n'),
    splitNote(settings, attempt),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

type Row = readonly string[];

function factRows({ found, machine, model }: ServicePlan): Row[] {
  const { layers, hidden } = model.shape;
  const { memory, cores } = machine;
  return [
    ['model', found.path],
    [
      '',
      `${model.type}, ${count(layers)} layers, ${count(hidden)} components, context ${count(model.contextTokens)} tokens`,
    ],
    [
      'machine',
      `${count(cores)} cores, ${gigabytes(memory.freeBytes)} of ${gigabytes(memory.totalBytes)} memory free`,
    ],
    ...gpuRows(machine),
  ];
}

const gpuRows = ({ gpus }: Machine): Row[] =>
  Object.values(gpus).flatMap((probe) =>
    'problem' in probe
      ? []
      : probe.gpus.map(({ name, description, freeBytes, totalBytes }) => [
          name,
          `${description}, ${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} free`,
        ]),
  );

function decisionRows({ launch, weights, model }: ServicePlan, settings: Settings<'launch'>): Row[] {
  const [attempt, ...others] = launch.attempts;
  const groups = attempt.workers.map(({ gpus }) => gpus.join(' + ')).filter((names) => names !== '');
  return [
    ['device', nameWay(attempt), attempt.reason],
    ...others.map((other) => ['if that fails', nameWay(other), other.reason]),
    ...launch.passedOver.map(({ backend, fault }) => ['passed over', backend, fault.message]),
    ...(weights === null ? [] : [['weights', weights.outtype, weights.reason]]),
    [
      'workers',
      count(attempt.workers.length),
      groups.length === 0 ? 'on the CPU, which they share' : `on ${groups.join(', ')}`,
    ],
    ...sizeRows(attempt, settings, model.contextTokens),
  ];
}

function sizeRows(attempt: Attempt, settings: Settings<'launch'>, contextTokens: number): Row[] {
  const engine = attempt.workers[0]?.engine;
  if (engine === undefined) return [];
  const why = (name: keyof Sizes, isGiven: boolean, usual: string): string => {
    const shrunk = attempt.shrunk[name];
    if (shrunk !== undefined) return `memory is short for ${count(shrunk.wished)}`;
    return isGiven ? 'as the options say' : usual;
  };
  const isBatchGiven = settings.batchTokens !== null || settings.chunkedPrefillSize !== null;
  const isLimited = settings.contextLength !== null || settings.maxTotalTokens !== null;
  const isLongestGiven = isLimited && engine.contextTokens !== contextTokens;
  const measured = 'fastest where it was measured';
  const texts = engine.batchTexts === null ? '' : `, ${count(engine.batchTexts)} texts`;
  const tokens = (value: number) => `${count(value)} tokens`;
  return [
    ['threads', count(engine.threads), settings.threads === null ? 'per worker' : 'as --threads says'],
    ['lanes', count(engine.lanes), why('lanes', settings.lanes !== null, measured)],
    ['batch', `${tokens(engine.batchTokens)}${texts}`, why('batchTokens', isBatchGiven, measured)],
    ['shared prefixes', tokens(engine.prefixTokens), why('prefixTokens', false, 'for instructions')],
    ['longest text', tokens(engine.contextTokens), why('contextTokens', isLongestGiven, "the model's own")],
    ['in chunks of', tokens(engine.chunkTokens), 'beyond a batch, on a lane opened when needed'],
  ];
}

const nameWay = ({ backend, compute }: Attempt): string =>
  `${backend}, ${compute === 'graph' ? 'our own graph' : 'llama.cpp'}`;

/** A column per place, a row per purpose. */
function memoryRows({ places }: Attempt): Row[] {
  const row = (title: string, cell: (needed: Bytes, index: number) => number): Row => [
    title,
    ...places.map(({ needed }, i) => gigabytes(cell(needed, i))),
  ];
  const used = PURPOSES.filter((purpose) => places.some(({ needed }) => needed[purpose] > 0));
  return [
    ['memory', ...places.map(({ name }) => name)],
    ...used.map((purpose) => row(purpose, (needed) => needed[purpose])),
    row('together', totalOf),
    row('allowed', (_, i) => places[i]?.allowedBytes ?? 0),
    row('free now', (_, i) => places[i]?.freeBytes ?? 0),
  ];
}

/** Where there is a choice between copies and one model in parts, what is known of it. */
function splitNote({ tensorParallel, dataParallel }: Settings<'launch'>, attempt: Attempt): string | null {
  if (attempt.backend === 'cpu' || tensorParallel * dataParallel === 1) return null;
  if (tensorParallel === 1)
    return 'Each worker has a whole model on a GPU of its own: they exchange nothing and share the load.';
  const workers = String(tensorParallel * dataParallel);
  return `--tp-size ${String(tensorParallel)} puts each layer on one of the GPUs, so a batch passes through them one after another. Where the model fits one GPU, --dp-size ${workers} keeps all of them busy; --tp-size is for models that do not fit.`;
}

/** The same for scripts: numbers in bytes and tokens. */
export function describePlan({ found, machine, model, weights, launch }: ServicePlan): object {
  return {
    model: { path: found.path, ...model },
    machine: { cores: machine.cores, memory: machine.memory, gpus: machine.gpus },
    weights,
    attempts: launch.attempts,
    passedOver: launch.passedOver.map(({ backend, compute, fault }) => ({
      backend,
      compute,
      problem: fault.message,
    })),
  };
}
