// Both READMEs as a reader goes through them: in an empty project with the packed tarball installed, every block that
// says `run`, from top to bottom, in one shell. What stands in for the reader's world: QWEN_EMBED_PORT and _URL and a
// free port in place of 30000; a hub of the tests' own, by HF_ENDPOINT, where the real model's name leads to the tiny one.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { makeHome, openHubWithModel } from '../fixtures/hub-model.ts';
import type { HubServer } from '../fixtures/hub-server.ts';
import { installPackage, ROOT } from '../fixtures/installed-package.ts';
import { readBlocks, type Block } from '../fixtures/markdown-blocks.ts';

const READMES = ['README.md', 'README.zh-CN.md'];
const run = promisify(execFile);

/** Why a block is not run, and what is looked at instead. */
const REASONS: Record<string, string> = {
  registry: 'installs this package, for which the tarball stands',
  'python-package': 'needs a package of Python; it compiles',
  weights: 'needs real weights; its options are parsed by test/tables/readme.test.ts',
  docker: 'needs a daemon; test/tables/examples.test.ts reads its files',
  cluster: 'needs a cluster; test/tables/examples.test.ts reads its files',
  github: 'needs runners of GitHub; its commands are those that run above',
  load: 'would put load on the machine; its options are parsed',
};

/** A shell script that stops at the first block that fails and names its line. */
function writeScript(blocks: readonly Block[], port: number): string {
  const parts = blocks.map(({ language, code, line }) => {
    const what = language === 'sh' ? code : `node block-${String(line)}.js\n`;
    return `line=${String(line)}\n${what.replaceAll('30000', String(port))}`;
  });
  // -m: jobs are process groups, as in a terminal.
  const onExit = `code=$?; for job in $(jobs -p); do kill -- "-$job" 2>/dev/null; done; [ $code = 0 ] || echo "the block in line $line ends with $code" >&2; exit $code`;
  return [`set -em`, `trap '${onExit}' EXIT`, ...parts].join('\n');
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe('in an empty project', () => {
  let project: string;
  let hub: HubServer;
  before(async () => {
    project = installPackage(['openai', 'typescript', '@types/node']);
    // An answer that is no success is a failure, and no bar is drawn.
    writeFileSync(join(project, '.curlrc'), 'fail-with-body\nsilent\nshow-error\nmax-time = 60\n');
    hub = await openHubWithModel('Qwen/Qwen3-Embedding-0.6B');
  });
  after(() => hub.close());

  for (const name of READMES) {
    const blocks = readBlocks(readFileSync(join(ROOT, name), 'utf8'));
    const toRun = blocks.filter(({ way }) => way === 'run');

    test(`${name} runs from top to bottom`, async () => {
      const cwd = join(project, name.replaceAll('.', '-'));
      mkdirSync(cwd);
      const port = await findFreePort();
      const programs = toRun.filter(({ language }) => language === 'ts');
      for (const { code, line } of programs)
        writeFileSync(join(cwd, `block-${String(line)}.ts`), code.replaceAll('30000', String(port)));
      const options = '--strict --target es2022 --module nodenext --types node --skipLibCheck'.split(' ');
      const files = programs.map(({ line }) => `block-${String(line)}.ts`);
      await run('npx', ['tsc', ...options, ...files], { cwd });
      const env = {
        ...process.env,
        ...makeHome(hub.url).env,
        CURL_HOME: project,
        NO_COLOR: '1',
        QWEN_EMBED_PORT: String(port),
        QWEN_EMBED_URL: `http://127.0.0.1:${String(port)}`,
      };
      const { stdout } = await run('bash', ['-c', writeScript(toRun, port)], { cwd, env, timeout: 480_000 });
      const asked = toRun.flatMap(({ code }) => code.match(/^curl /gm) ?? []).length;
      assert.equal(stdout.match(/\{"object":"list","data":\[\{"object":"embedding"/g)?.length, asked);
      for (const file of ['notes.jsonl', 'vectors.jsonl'])
        assert.equal(readFileSync(join(cwd, file), 'utf8').trim().split('\n').length, 2);
    });
  }
});

for (const name of READMES) {
  const blocks = readBlocks(readFileSync(join(ROOT, name), 'utf8'));

  test(`every block of ${name} is run, or says why not`, () => {
    for (const { language, way, reason, code, line } of blocks) {
      const isOfThisRepository = /^npm install && npm (test|run demo)$/.test(code.trim());
      assert.ok(way !== null || isOfThisRepository, `line ${String(line)}`);
      if (way === 'run') assert.ok(['sh', 'ts'].includes(language), `line ${String(line)}`);
      if (way === 'check') assert.ok(reason in REASONS, `line ${String(line)}: ${reason}`);
    }
  });

  test(`the Python of ${name} compiles`, async (t) => {
    if (
      await run('python3', ['--version']).then(
        () => false,
        () => true,
      )
    ) {
      t.skip('python3 is not here');
      return;
    }
    const programs = blocks.filter(({ language }) => language === 'python');
    assert.ok(programs.length > 0);
    for (const { code } of programs)
      await run('python3', ['-c', 'import sys; compile(sys.argv[1], "block", "exec")', code]);
  });
}
