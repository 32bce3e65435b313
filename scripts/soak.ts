// Nothing lost, nothing wrong, nothing leaked: the real server under mixed load while its workers are killed and stopped.
// Prints a table, writes the whole report as JSON where --report says, and ends with 1 where a promise was not kept.
// `npm run soak -- [--requests 100000] [--workers 3] [--connections 48] [--every 3] [--watchdog 3] [--minutes 90]
//  [--model FILE] [--seed 1] [--report FILE]`; without --model on a tiny model of random weights. Linux only.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fixtureFile } from '../test/fixtures/tiny-model.ts';
import { renderSoak } from './soak/report.ts';
import { runSoak } from './soak/run.ts';

const { values: flags } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    workers: { type: 'string', default: '3' },
    connections: { type: 'string', default: '48' },
    every: { type: 'string', default: '3' },
    watchdog: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '90' },
    model: { type: 'string' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
  },
});

const soak = await runSoak({
  modelFile: flags.model ?? (await fixtureFile('f32')),
  requests: Number(flags.requests),
  workers: Number(flags.workers),
  connections: Number(flags.connections),
  everyMs: 1000 * Number(flags.every),
  watchdogSeconds: Number(flags.watchdog),
  mostMs: 60_000 * Number(flags.minutes),
  seed: Number(flags.seed),
  onProgress: (done) => {
    if (done % 5000 === 0) console.error(`${String(done)} requests`);
  },
});
if (flags.report !== undefined) writeFileSync(flags.report, `${JSON.stringify(soak, null, 2)}\n`);
console.log(renderSoak(soak));
for (const problem of soak.problems) console.error(problem);
for (const promise of soak.broken) console.error(`broken: ${promise}`);
process.exitCode = soak.broken.length === 0 ? 0 : 1;
