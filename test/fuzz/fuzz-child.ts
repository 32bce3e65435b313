// The child process that runs one part: TARGET SEED COUNT.
import type { ChildMessage } from './run-parts.ts';
import { runPart } from './part.ts';
import { isTargetName } from './targets.ts';

/** Often enough to be heard, too seldom to cost anything. */
const NEWS_MS = 500;

const [target = '', seed, count] = process.argv.slice(2);
if (!isTargetName(target)) throw new Error(`no target ${target}`);
const tell = (message: ChildMessage): void => {
  process.send?.(message);
};
let done = 0;
let told = performance.now();
const report = await runPart({ target, seed: Number(seed), count: Number(count) }, () => {
  done++;
  if (performance.now() - told < NEWS_MS) return;
  told = performance.now();
  tell({ done });
});
tell({ report });
process.disconnect();
