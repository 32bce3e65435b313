// The completion scripts in the shells themselves. A shell that this machine lacks is skipped, and said so.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { runCli } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const folder = makeTemporaryFolder();
const scriptOf = (shell: string) => join(folder, `completion.${shell}`);
const isMissing = (shell: string) => spawnSync(shell, ['-c', 'true']).error !== undefined;

before(async () => {
  for (const shell of SHELLS) {
    const { code, stdout } = await runCli(['completion', shell]);
    assert.equal(code, 0);
    writeFileSync(scriptOf(shell), stdout);
  }
});

function completeInBash(line: string): string[] {
  const words = line.split(' ').map((word) => `'${word}'`);
  const script = `source ${scriptOf('bash')}; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${String(words.length - 1)}; _qwen_embed; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return readLines(execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' }));
}

function completeInFish(line: string): string[] {
  const script = `source ${scriptOf('fish')}; complete -C ${JSON.stringify(line)}`;
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
  return readLines(execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', env })).map(
    (shown) => shown.split('\t')[0] ?? '',
  );
}

/** Types the line and a tab into a zsh on a terminal of its own, and reads until `wanted` is on the screen. */
function completeInZsh(line: string, wanted: string): string {
  const script = `
zmodload zsh/zpty
zpty shell "TERM=dumb HOME=${folder} zsh -f -i"
zpty -w shell "PS1='' ; LISTMAX=0; autoload -U compinit; compinit -u -d ${folder}/dump; source ${scriptOf('zsh')}; print rea''dy"
zpty -r -m shell seen '*ready*'
zpty -w -n shell $'${line}\\t'
zpty -r -m shell seen '*${wanted}*'
print -r -- "$seen"
zpty -d shell
`;
  return execFileSync('zsh', ['-f', '-c', script], { encoding: 'utf8', timeout: 30_000 });
}

const readLines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

test('bash completes commands, options and choices', { skip: isMissing('bash') && 'no bash here' }, () => {
  assert.ok(completeInBash('qwen-embed ').includes('launch'));
  assert.deepEqual(completeInBash('qwen-embed launch --mem'), ['--mem-fraction-static']);
  assert.deepEqual(completeInBash('qwen-embed launch --device c'), ['cpu', 'cuda']);
  assert.deepEqual(completeInBash('qwen-embed launch --model-path x'), []);
});

test('fish completes commands, options and choices', { skip: isMissing('fish') && 'no fish here' }, () => {
  assert.deepEqual(completeInFish('qwen-embed lau'), ['launch']);
  assert.deepEqual(completeInFish('qwen-embed launch --mem'), ['--mem-fraction-static']);
  assert.deepEqual(completeInFish('qwen-embed launch --device c'), ['cpu', 'cuda']);
});

test('zsh completes commands, options and choices', { skip: isMissing('zsh') && 'no zsh here' }, () => {
  assert.match(completeInZsh('qwen-embed lau', 'launch'), /launch/);
  assert.match(completeInZsh('qwen-embed launch --mem', 'fraction-static'), /--mem-fraction-static/);
  assert.match(completeInZsh('qwen-embed launch --device vu', 'vulkan'), /--device vulkan/);
});

test('a shell without completions is a usage error', async () => {
  assert.deepEqual(await runCli(['completion', 'tcsh']), {
    code: 2,
    stdout: '',
    stderr:
      'error: completion: "tcsh" is not one of bash, zsh, fish\nhint: name your shell: qwen-embed completion bash\n',
  });
});
