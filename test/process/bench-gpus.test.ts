// The script for machines with several GPUs, where what fails must say so: nobody watches it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCommand } from '../../scripts/launched-service.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/bench-gpus.js', import.meta.url));

test('a way that cannot be launched has a row with the error of its launch, and the next way is tried', () => {
  const args = ['--model', '/no/such/model.gguf', '--device', 'cpu', '--ways', 'one|dp'];
  const { stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { way: string; fault?: string });
  assert.deepEqual(
    rows.map(({ way }) => way),
    ['one', 'dp'],
  );
  for (const { fault } of rows) assert.match(fault ?? '', /^launch: error: .*\/no\/such\/model\.gguf/);
  assert.match(stderr, /^error: /m);
});

test('a command that fails without an error of ours tells its exit code and its last line', async () => {
  const environment = { NODE_OPTIONS: '--require=/no/such/file.js' };
  await assert.rejects(
    readCommand(['list'], environment),
    /^Error: list: exit code 1, last line: Node\.js v/,
  );
});
