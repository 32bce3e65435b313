// Downloads against a hub that misbehaves at random, one run per seed; stops at the first promise that is not kept.
// `npm run fuzz:download -- [COUNT] [FIRST_SEED]`, 1,000 from 0 by default.
import { fuzzDownloads } from '../test/fixtures/fuzz-download.ts';

const [count = 1_000, first = 0] = process.argv.slice(2).map(Number);
const ends = new Map<string, number>();
let [done, spoilt] = [0, 0];
await fuzzDownloads(
  Array.from({ length: count }, (_, i) => first + i),
  (outcome) => {
    spoilt += outcome.misbehaved;
    for (const end of outcome.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
    if (++done % 100 === 0) console.log(`${String(done)} seeds`);
  },
);
const summary = JSON.stringify(Object.fromEntries(ends));
console.log(`${String(count)} seeds, ${String(spoilt)} answers spoilt; runs ended: ${summary}`);
