// Loaded into the server before its own code: SIGUSR2 collects garbage, so that memory at rest is what is still held and
// not what V8 has not yet looked through, and says how much that is.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.on('SIGUSR2', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`held: ${String(heapUsed + external)}\n`);
});
