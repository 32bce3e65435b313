import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const PROGRAM = new URL('../../../src/cli/program.js', import.meta.url).href;

const SHOW = `
  import { readFileSync } from 'node:fs';
  import { runProgram } from '${PROGRAM}';
  const show = () => Promise.resolve(console.log(readFileSync('/proc/self/cmdline', 'latin1')));
  await runProgram(process.argv.slice(1), show);
`;

test('whoever lists processes sees no key', { skip: process.platform !== 'linux' }, () => {
  const args = ['launch', '--port', '8080', '--api-key', 'hush-hush', '--ssl-keyfile-password=hush-hush'];
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', SHOW, '--', ...args]);
  const shown = stdout.toString();
  assert.match(shown, /^qwen-embed launch --port=8080 --api-key=\*\*\*/);
  assert.ok(!shown.includes('hush'), shown);
});
