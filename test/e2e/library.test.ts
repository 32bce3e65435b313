// The packed tarball as programs import it: installed in an empty project, where the programs of docs/library.md are
// type-checked and run and the command is there. The hub is one of the tests' own.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { makeHome, openHubWithModel } from '../fixtures/hub-model.ts';
import type { HubServer } from '../fixtures/hub-server.ts';
import { installPackage, ROOT } from '../fixtures/installed-package.ts';
import { readBlocks } from '../fixtures/markdown-blocks.ts';

const run = promisify(execFile);
const tool = (name: string): string => join(ROOT, 'node_modules/.bin', name);
const readLines = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');

describe('in an empty project', () => {
  let folder: string;
  let hub: HubServer;
  let env: Record<string, string | undefined>;
  before(async () => {
    folder = installPackage(['@types/node']);
    hub = await openHubWithModel('Qwen/Qwen3-Embedding-0.6B');
    env = { ...process.env, ...makeHome(hub.url).env, NO_COLOR: '1' };
  });
  after(() => hub.close());

  test('the programs of docs/library.md type-check and run', async () => {
    const blocks = readBlocks(readFileSync(join(ROOT, 'docs/library.md'), 'utf8'));
    const names = blocks.map(({ line }) => `line-${String(line)}`);
    blocks.forEach(({ code }, i) => {
      writeFileSync(join(folder, `${names[i] ?? ''}.ts`), code);
    });
    const options = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
    await run(tool('tsc'), [...options, ...names.map((name) => `${name}.ts`)], { cwd: folder });
    const outputs = [];
    for (const name of names)
      outputs.push((await run(process.execPath, [`${name}.js`], { cwd: folder, env })).stdout);
    const [engine = '', service, files] = outputs;
    const [near = 0, far = 1] = [...engine.matchAll(/'(-?[\d.]+)'/g)].map(([, cosine]) => Number(cosine));
    assert.ok(near > far, engine);
    assert.equal(service, '200\n');
    assert.match(files ?? '', /model\.gguf \d+\n$/);
  });

  test('the command launches, answers health and embeds a file', async () => {
    const npx = (...args: string[]) => run('npx', ['qwen-embed', ...args], { cwd: folder, env });
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    assert.equal((await npx('--version')).stdout, `${version}\n`);
    const launched = spawn('npx', ['qwen-embed', 'launch', '--port', '0', '--device', 'cpu'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    try {
      const [line] = (await once(launched.stdout, 'data')) as [Buffer];
      const url = /http:\/\/\S+/.exec(line.toString())?.[0] ?? '';
      await npx('health', '--wait', '--url', url);
      writeFileSync(join(folder, 'notes.txt'), 'Hello world\n你好世界\n');
      await npx('embed', 'notes.txt', '--output', 'notes.jsonl', '--url', url);
      const rows = readLines(join(folder, 'notes.jsonl')).map((row) => JSON.parse(row) as object);
      assert.deepEqual(rows.map(Object.keys), [
        ['text', 'embedding'],
        ['text', 'embedding'],
      ]);
    } finally {
      const ended = once(launched, 'exit');
      // npx and what it runs are one group.
      process.kill(-(launched.pid ?? 0), 'SIGTERM');
      await ended;
    }
  });
});
