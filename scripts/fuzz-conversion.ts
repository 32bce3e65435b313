// Launches of a model in shards that are killed at random steps on the disk, a chain of them per seed; stops at the first
// promise that is not kept. `npm run fuzz:conversion -- [COUNT] [FIRST_SEED]`, 100 from 0 by default.
import { crashConversions, makeCrashModel } from '../test/fixtures/fuzz-conversion.ts';

const [count = 100, first = 0] = process.argv.slice(2).map(Number);
const model = await makeCrashModel();
let [kills, recalled] = [0, 0];
for (let seed = first; seed < first + count; seed++) {
  const outcome = await crashConversions(model, seed);
  kills += outcome.kills;
  recalled += outcome.recalled;
  if ((seed - first + 1) % 10 === 0) console.log(`${String(seed - first + 1)} seeds, ${String(kills)} kills`);
}
console.log(
  `${String(count)} seeds, ${String(kills)} kills, ${String(recalled)} times a shard was found converted`,
);
