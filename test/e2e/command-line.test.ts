import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCli } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const USAGE: [string[], string][] = [
  [['launch', '--prot', '1'], "error: command line: unknown option '--prot'\nhint: did you mean --port?\n"],
  [['launch', '--port', '70000'], 'error: --port: 70000 is outside 0 to 65535\nhint: TCP port to listen on; 0 picks a free one\n'],
  [['launch', '--port=x'], 'error: --port: "x" is not a whole number\nhint: TCP port to listen on; 0 picks a free one\n'],
  [['launch', '--device', 'tpu'], 'error: --device: "tpu" is not one of auto, cpu, cuda, vulkan, metal\nhint: where to compute; auto takes a GPU that works, else the CPU\n'],
  [['launch', '--model-path'], 'error: --model-path: the value is missing\nhint: folder of a model, .gguf file, or repository: owner/name[@revision][:TYPE]\n'],
  [['launch', '--enable-flashinfer', 'true'], "error: command line: too many arguments for 'launch': expected 0 arguments but got 1\nhint: launch takes options only; a model is named by --model-path; switches take no value: --json, not --json true\n"],
  [['convert'], "error: command line: missing required argument 'folder'\nhint: see qwen-embed --help\n"],
  [['lunch'], "error: command line: unknown command 'lunch'\nhint: did you mean launch?\n"],
  [['--port', '1'], "error: command line: unknown option '--port'\nhint: options stand behind a command: qwen-embed launch --model-path MODEL\n"],
  [['help', 'lunch'], "error: command line: unknown command 'lunch'\nhint: see qwen-embed --help\n"],
  [['health', '--url', 'localhost:30000'], 'error: --url localhost:30000: is not a URL of a server\nhint: give its root: --url http://127.0.0.1:30000\n'],
]; // prettier-ignore

for (const [args, stderr] of USAGE) {
  test(`"${args.join(' ')}" is a usage error in one sentence with a hint`, async () => {
    assert.deepEqual(await runCli(args), { code: 2, stdout: '', stderr });
  });
}

test('an option from the environment counts, and the command line wins over it', async () => {
  const env = { QWEN_EMBED_PORT: 'x' };
  assert.match(
    (await runCli(['launch'], { env })).stderr,
    /^error: QWEN_EMBED_PORT: "x" is not a whole number/,
  );
  assert.match((await runCli(['launch', '--port', 'x'], { env })).stderr, /^error: --port: /);
  const theirs = { SGLANG_WARMUP_TIMEOUT: 'soon' };
  assert.match((await runCli(['launch'], { env: theirs })).stderr, /^error: SGLANG_WARMUP_TIMEOUT: "soon"/);
  const args = ['launch', '--port', '0', '--model-path', 'nowhere.gguf'];
  assert.match((await runCli(args, { env })).stderr, /nowhere\.gguf: no such file/);
});

test("SGLang's -1 for no value of its own is no value", async () => {
  const env = { SGLANG_WARMUP_TIMEOUT: '-1' };
  assert.equal((await runCli(['launch', '--dry-run'], { env })).code, 0);
  const args = ['launch', '--dry-run', '--warmup-timeout', '-1'];
  assert.match((await runCli(args, { env })).stderr, /^error: --warmup-timeout: -1 is outside/);
});

for (const name of ['serve', 'launch_server', 'sglang.launch_server'])
  test(`${name}, as in SGLang's command line, is launch`, async () => {
    const { code, stdout } = await runCli([
      name,
      '--model-path',
      './models/qwen-embed-nano.gguf',
      '--dry-run',
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^model +\.\/models\/qwen-embed-nano\.gguf$/m);
  });

for (const [args, error] of [
  [['--chat-template', './nowhere.json'], /^error: \.\/nowhere\.json: no such chat template/],
  [['--ssl-keyfile', 'key.pem'], /^error: --ssl-keyfile: HTTPS needs both/],
  [['--bucket-time-to-first-token', '2', '1', '--enable-metrics'], /^error: --bucket-time-to-first-token: /],
] as const)
  test(`--dry-run refuses ${args.join(' ')} as a launch does`, async () => {
    const model = ['--model-path', './models/qwen-embed-nano.gguf'];
    const { code, stdout, stderr } = await runCli(['launch', ...model, '--dry-run', ...args]);
    assert.equal(stdout, '');
    assert.notEqual(code, 0);
    assert.match(stderr, error);
  });

test('a file of --config counts below the environment and the command line', async () => {
  const file = join(makeTemporaryFolder(), 'launch.yaml');
  writeFileSync(file, 'port: x\n');
  const run = async (args: string[], env: Record<string, string> = {}) =>
    (await runCli(['launch', '--config', file, ...args], { env })).stderr;
  assert.match(await run([]), /^error: .*launch\.yaml:1: port: "x" is not a whole number\n/);
  writeFileSync(file, 'port: 0\nmodel-path: nowhere\n');
  assert.match(await run([]), /^error: nowhere: /);
  assert.match(await run([], { QWEN_EMBED_MODEL_PATH: 'elsewhere' }), /^error: elsewhere: /);
  assert.match(await run(['--model-path', 'here'], { QWEN_EMBED_MODEL_PATH: 'elsewhere' }), /^error: here: /);
});

test('options that cannot be honoured end the start together, whatever brings them', async () => {
  const file = join(makeTemporaryFolder(), 'launch.yaml');
  writeFileSync(file, 'nnodes: 2\n');
  const { code, stderr } = await runCli(['launch', `--config=${file}`, '--grpc-mode'], {
    env: { QWEN_EMBED_ENABLE_LORA: '1' },
  });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: cannot be honoured here: --nnodes \(.+\), --grpc-mode \(.+\), --enable-lora \(.+\)\nhint: /,
  );
});

test('a misspelt secret is not repeated', async () => {
  const { code, stderr } = await runCli([
    'launch',
    '--ssl-keyfile-pasword=hush',
    '--ssl-keyfile-passwrd',
    'hush',
  ]);
  assert.equal(code, 2);
  assert.doesNotMatch(stderr, /hush/);
  assert.match(stderr, /did you mean --ssl-keyfile-password\?/);
  for (const args of [['--api-key=hush'], ['lunch', '--api-key=hush'], ['--version', '--api-key=hush']])
    assert.doesNotMatch((await runCli(args)).stderr, /hush/);
});

test('--help-all shows what --help leaves out', async () => {
  const [short, whole] = await Promise.all([runCli(['launch', '--help']), runCli(['launch', '--help-all'])]);
  assert.doesNotMatch(short.stdout, /--speculative-algorithm/);
  assert.match(whole.stdout, /--speculative-algorithm/);
  assert.match(short.stdout, /Examples:\n {2}qwen-embed launch --model-path/);
});

test('help and version go to stdout with exit code 0', async () => {
  const help = await runCli(['launch', '--help']);
  assert.deepEqual([help.code, help.stderr], [0, '']);
  assert.match(help.stdout, /--tp-size N\s+GPUs that share one copy/);
  assert.match((await runCli(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  for (const args of [[], ['--help-all']]) assert.match((await runCli(args)).stdout, /^Usage: qwen-embed/);
});

test(
  'results that find no room are a fault in one sentence',
  { skip: !existsSync('/dev/full') },
  async () => {
    const { code, stderr } = await runCli(['launch', '--help'], { shell: 'exec >/dev/full' });
    assert.equal(code, 5);
    assert.match(stderr, /^error: cannot write the standard output: ENOSPC.*\nhint: .*\n$/);
  },
);

test('a reader that has enough ends the program without a word', async () => {
  const bin = fileURLToPath(new URL('../../../bin/qwen-embed.js', import.meta.url));
  const child = spawn(process.execPath, [bin, 'launch', '--help-all']);
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  child.stdout.destroy();
  const [code] = (await once(child, 'close')) as [number | null];
  assert.deepEqual([code, stderr], [0, '']);
});

/** Every stream says that it is a terminal, and of one in CI chalk would think little. */
const TERMINAL = `data:text/javascript,import tty from 'node:tty'; tty.isatty = () => true; delete process.env.CI;`;

for (const [env, hasColours] of [
  [{ NO_COLOR: '' }, true],
  [{ NO_COLOR: '1' }, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true],
] as const)
  test(`a terminal and ${JSON.stringify(env)} mean ${hasColours ? 'colours' : 'no colours'}`, async () => {
    const terminal = { TERM: 'xterm', NODE_OPTIONS: `--import="${TERMINAL}"`, NODE_NO_WARNINGS: '1' };
    const { stderr } = await runCli(['lanch'], { env: { ...terminal, ...env } });
    const start = hasColours ? '\u001B[31merror:\u001B[39m ' : 'error: ';
    assert.equal(stderr.slice(0, start.length), start);
  });
