// A program with a pool, to be killed: prints the pool's log as JSON lines and keeps the workers busy. SIGUSR2 makes it
// exit without closing the pool.
import { openPool } from '../../src/pool/pool.ts';

process.once('SIGUSR2', () => process.exit());
const [workerEntry = '', socketFolder = ''] = process.argv.slice(2);
const pool = await openPool({
  workerCount: 2,
  workerEntry,
  socketFolder,
  settings: () => ({ pauseMs: 500 }),
  log: (_level, message, fields) => {
    process.stdout.write(`${JSON.stringify({ message, ...fields })}\n`);
  },
});
for (;;) await Promise.all([pool.embed(['one']), pool.embed(['two'])]);
