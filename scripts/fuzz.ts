// Fuzzes every reader of foreign bytes: HTTP bodies, weight files, model folders, command lines, configuration files.
// `npm run fuzz -- [--inputs 1000000] [--seed 1] [--target NAME] [--jobs 1] [--seconds 3600]`; a part that fails prints the
// command that repeats it.
import { parseArgs } from 'node:util';
import type { Part } from '../test/fuzz/part.ts';
import { runPartInChild, type PartOutcome } from '../test/fuzz/run-parts.ts';
import { isTargetName, TARGETS, type TargetName } from '../test/fuzz/targets.ts';

const PART_INPUTS = 5000;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '3600' },
  },
});

function planParts(inputs: number, firstSeed: number, only: string): Part[] {
  const names = (Object.keys(TARGETS) as TargetName[]).filter((name) => only === '' || name === only);
  const shares = names.reduce((sum, name) => sum + TARGETS[name].share, 0);
  const parts = names.flatMap((target) => {
    const wanted = Math.round((inputs * TARGETS[target].share) / shares);
    return Array.from({ length: Math.ceil(wanted / PART_INPUTS) }, (_, index) => ({
      target,
      index,
      count: Math.min(PART_INPUTS, wanted - index * PART_INPUTS),
    }));
  });
  // In turns, so that a run which ends early has seen some of each.
  return parts
    .sort((a, b) => a.index - b.index)
    .map(({ target, count, index }) => ({ target, count, seed: firstSeed + index }));
}

async function runAll(parts: Part[], jobs: number, endMs: number): Promise<PartOutcome[]> {
  const outcomes: PartOutcome[] = [];
  const lane = async (): Promise<void> => {
    for (let part = parts.shift(); part !== undefined && performance.now() < endMs; part = parts.shift()) {
      const outcome = await runPartInChild(part);
      outcomes.push(outcome);
      if (outcome.problem === null) continue;
      const { target, seed, count } = part;
      console.error(
        `${target} fails; again with: npm run fuzz -- --target ${target} --seed ${String(seed)} --inputs ${String(count)}`,
      );
      console.error(outcome.problem);
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  return outcomes;
}

function printTarget(target: TargetName, outcomes: readonly PartOutcome[]): void {
  const own = outcomes.filter(({ part }) => part.target === target);
  const reports = own.flatMap(({ report }) => (report === null ? [] : [report]));
  if (own.length === 0) return;
  const ends = new Map<string, number>();
  for (const report of reports)
    for (const [end, count] of Object.entries(report.ends)) ends.set(end, (ends.get(end) ?? 0) + count);
  const inputs = reports.reduce((sum, report) => sum + report.inputs, 0);
  const slowest = Math.max(...reports.map(({ slowestMs }) => slowestMs));
  const grown = Math.max(...reports.map(({ grownBytes }) => grownBytes)) / 1e6;
  const failed = own.filter(({ problem }) => problem !== null).length;
  console.log(
    `${target}: ${String(inputs)} inputs, slowest ${slowest.toFixed(0)} ms, memory +${grown.toFixed(0)} MB, ${String(failed)} parts failed`,
  );
  console.log(
    `  ${[...ends]
      .sort((a, b) => b[1] - a[1])
      .map(([end, count]) => `${end} ${String(count)}`)
      .join(', ')}`,
  );
}

if (values.target !== '' && !isTargetName(values.target))
  throw new Error(`--target is one of ${Object.keys(TARGETS).join(', ')}`);
const startMs = performance.now();
const parts = planParts(Number(values.inputs), Number(values.seed), values.target);
const outcomes = await runAll(parts, Number(values.jobs), startMs + Number(values.seconds) * 1000);
for (const target of Object.keys(TARGETS) as TargetName[]) printTarget(target, outcomes);
const total = outcomes.reduce((sum, { report }) => sum + (report?.inputs ?? 0), 0);
console.log(
  `${String(total)} inputs from seed ${values.seed} in ${((performance.now() - startMs) / 60_000).toFixed(1)} minutes`,
);
if (outcomes.some(({ problem }) => problem !== null)) process.exitCode = 1;
