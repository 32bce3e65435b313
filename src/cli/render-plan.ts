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
  const [worker] = attempt.workers;
  const rows: Row[] = [['device', nameWay(attempt), attempt.reason]];
  for (const other of others) rows.push(['if that fails', nameWay(other), other.reason]);
  for (const { backend, fault } of launch.passedOver) rows.push(['passed over', backend, fault.message]);
  if (weights !== null) rows.push(['weights', weights.outtype, weights.reason]);
  const groups = attempt.workers.map(({ gpus }) => gpus.join(' + ')).filter((names) => names !== '');
  rows.push([
    'workers',
    count(attempt.workers.length),
    groups.length === 0 ? 'on the CPU, which they share' : `on ${groups.join(', ')}`,
  ]);
  if (worker === undefined) return rows;
  const { engine } = worker;
  const why = (name: keyof Sizes, isGiven: boolean, usual: string): string => {
    const shrunk = attempt.shrunk[name];
    if (shrunk !== undefined) return `memory is short for ${count(shrunk.wished)}`;
    return isGiven ? 'as the options say' : usual;
  };
  const isBatchGiven = settings.batchTokens !== null || settings.chunkedPrefillSize !== null;
  const isGiven = settings.contextLength !== null || settings.maxTotalTokens !== null;
  return [
    ...rows,
    ['threads', count(engine.threads), settings.threads === null ? 'per worker' : 'as --threads says'],
    ['lanes', count(engine.lanes), why('lanes', settings.lanes !== null, 'fastest where it was measured')],
    [
      'batch',
      `${count(engine.batchTokens)} tokens${engine.batchTexts === null ? '' : `, ${count(engine.batchTexts)} texts`}`,
      why('batchTokens', isBatchGiven, 'fastest where it was measured'),
    ],
    [
      'shared prefixes',
      `${count(engine.prefixTokens)} tokens`,
      why('prefixTokens', false, 'for instructions'),
    ],
    [
      'longest text',
      `${count(engine.contextTokens)} tokens`,
      why('contextTokens', isGiven && engine.contextTokens !== model.contextTokens, "the model's own"),
    ],
    ['in chunks of', `${count(engine.chunkTokens)} tokens`, 'beyond a batch, on a lane opened when needed'],
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
