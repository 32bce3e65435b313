// The examples for Node, each as its reader starts it, against a server with the model that ships.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../fixtures/installed-package.ts';
import { launchServer, type RunningServer } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const run = promisify(execFile);
const NAMES = ['semantic-search', 'langchain', 'llamaindex'];

describe('the examples for Node', () => {
  let server: RunningServer;
  before(async () => {
    server = await launchServer(['--port', '0', '--device', 'cpu']);
  });
  after(() => server.end());

  async function start(name: string, args: string[] = [], env = {}): Promise<string[]> {
    const script = join(ROOT, 'examples', name, 'search.js');
    const base = { ...process.env, OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: 'none' };
    const { stdout } = await run(process.execPath, [script, ...args], { env: { ...base, ...env } });
    return stdout.trim().split('\n');
  }

  for (const name of ['langchain', 'llamaindex'])
    test(`${name} finds the document that answers, then another`, async () => {
      const found = await start(name);
      assert.equal(found[0], 'The capital of China is Beijing.');
      assert.equal(found.length, 2);
    });

  test('semantic-search finds a piece of a note, embeds only what has changed and forgets what is gone', async () => {
    const folder = join(makeTemporaryFolder(), 'notes');
    mkdirSync(folder);
    const [china, gravity] = [join(folder, 'china.md'), join(folder, 'gravity.txt')];
    writeFileSync(china, 'The capital of China is Beijing.\n');
    writeFileSync(gravity, 'Gravity is a force that attracts two bodies towards each other.\n');
    const env = { SEARCH_DATABASE: join(folder, 'search.db') };
    const index = async () => (await start('semantic-search', ['index', folder], env)).sort();
    await assert.rejects(start('semantic-search', ['find', 'what?'], env), /nothing is indexed yet/);
    assert.deepEqual(await index(), [`${china}: 1 pieces`, `${gravity}: 1 pieces`]);
    writeFileSync(gravity, 'Gravity bends light.\n\nA force attracts two bodies.\n');
    assert.deepEqual(await index(), [`${china}: unchanged`, `${gravity}: 1 pieces`]);
    const find = (question: string) => start('semantic-search', ['find', question], env);
    const [first = ''] = await find('What is the capital of China?');
    assert.match(first, /^0\.\d{3} {2}.*china\.md: The capital of China is Beijing\.$/);
    rmSync(china);
    await index();
    assert.deepEqual(
      (await find('What is the capital of China?')).map((line) => line.includes('gravity.txt')),
      [true],
    );
    writeFileSync(gravity, '\n');
    assert.deepEqual(await index(), [`${gravity}: 0 pieces`]);
    assert.deepEqual(await find('What is the capital of China?'), ['']);
  });
});

for (const name of NAMES)
  test(`${name} lists the packages that it imports, in the versions that are tested here`, () => {
    const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
    const own = JSON.parse(read(`examples/${name}/package.json`)) as { dependencies: Record<string, string> };
    const { devDependencies } = JSON.parse(read('package.json')) as {
      devDependencies: Record<string, string>;
    };
    const listed = Object.keys(own.dependencies).filter((specifier) => specifier !== 'qwen-embed');
    const imported = [...read(`examples/${name}/search.js`).matchAll(/from '((?:@[^/']+\/)?[^/']+)[^']*'/g)]
      .map(([, specifier = '']) => specifier)
      .filter((specifier) => !specifier.startsWith('node:'));
    assert.deepEqual(listed.sort(), [...new Set(imported)].sort());
    for (const specifier of listed) assert.equal(devDependencies[specifier], own.dependencies[specifier]);
  });
