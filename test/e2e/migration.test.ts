// The commands in docs/from-*.md: what a reader pastes must work as it stands, the model's place and the port aside.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchServer, runCli, type RunningServer } from '../fixtures/run-cli.ts';
import { splitCommands } from '../fixtures/shell-words.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder } from '../fixtures/tiny-model.ts';

const PAGES = readdirSync('docs').filter((name) => /^from-.+\.md$/.test(name));
const pageOf = (name: string) => readFileSync(join('docs', name), 'utf8');

/** Lines of shell in a page that start with `start`. */
function commandsOf(page: string, start: string): string[] {
  return [...pageOf(page).matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = '']) => block.trim().split('\n'))
    .filter((line) => line.startsWith(start));
}

const wordsOf = (command: string): string[] => splitCommands(command)[0] ?? [];

// The folder that the pages name.
const cwd = makeTemporaryFolder();
symlinkSync(fixtureFolder(), join(cwd, 'Qwen3-Embedding-0.6B'));
const env = { XDG_CACHE_HOME: cwd, LOCALAPPDATA: cwd };

for (const page of PAGES) {
  test(`${page} has a launch command that starts, as far as --dry-run tells`, async () => {
    const commands = commandsOf(page, 'npx qwen-embed launch');
    assert.ok(commands.length > 0);
    for (const command of commands) {
      const args = [...wordsOf(command).slice(2), '--dry-run'];
      const { code, stderr } = await runCli(args, { cwd, env });
      assert.equal(code, 0, `${command}: ${stderr}`);
    }
  });

  test(`${page} links only to pages that exist`, () => {
    for (const [, target = ''] of pageOf(page).matchAll(/\]\(([\w-]+\.md)\)/g))
      assert.ok(existsSync(join('docs', target)), target);
  });
}

describe('the requests of the pages', () => {
  let server: RunningServer;
  before(async () => {
    server = await launchServer(['--model-path', './Qwen3-Embedding-0.6B', '--port', '0'], { cwd, env });
  });
  after(() => server.end());

  for (const page of PAGES) {
    test(`${page} has requests that are answered with vectors`, async () => {
      const commands = commandsOf(page, 'curl ');
      assert.ok(commands.length > 0);
      for (const command of commands) {
        const words = wordsOf(command);
        const { pathname } = new URL(words[1] ?? '');
        const answer = await fetch(new URL(pathname, server.url), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: words[words.indexOf('-d') + 1] ?? '',
        });
        const { data } = (await answer.json()) as { data?: unknown[] };
        assert.ok(answer.status === 200 && (data?.length ?? 0) > 0, command);
      }
    });
  }
});
