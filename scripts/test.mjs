// Runs the compiled tests under node:test: `node scripts/test.mjs [substring ...]` narrows by file path.
// Node 20's runner takes no glob, so the files are listed here.
import { existsSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

const wanted = process.argv.slice(2);
const files = readdirSync('dist/test', { recursive: true })
  .map((name) => `dist/test/${String(name).replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.test.js') && wanted.every((part) => name.includes(part)))
  // The compiler leaves what it once wrote; a test whose source is gone is no test.
  .filter((name) => existsSync(name.replace(/^dist\/(.*)\.js$/, '$1.ts')))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' });
process.exit(status ?? 1);
