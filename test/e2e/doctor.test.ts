import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../src/config/options.ts';
import { checkDecode } from '../../src/doctor/check-decode.ts';
import { KNOWN_ANSWER } from '../../src/doctor/known-answer.ts';
import { runCli } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const OFFLINE = { HF_HUB_OFFLINE: '1' };

interface Report {
  healthy: boolean;
  checks: { check: string; state: string; found: string; advice: string | null }[];
  settings: { flag: string; value: string; source: string }[];
}

const sourceOf = ({ settings }: Report, flag: string) => {
  const { value, source } = settings.find((setting) => setting.flag === flag) ?? assert.fail(flag);
  return [value, source];
};

test('doctor decodes a known text on the CPU and shows every setting with its source', async () => {
  const args = ['doctor', '--device', 'cpu', '--port', '0', '--json'];
  const outcome = await runCli(args, { env: { ...OFFLINE, QWEN_EMBED_THREADS: '1' } });
  const report = JSON.parse(outcome.stdout) as Report;
  assert.equal(outcome.code, 0, outcome.stdout);
  assert.ok(report.healthy);
  const decode = report.checks.find(({ check }) => check === 'decode');
  assert.match(
    decode?.found ?? '',
    /^CPU, \d+ cores?, .*: the vector of a known text is right \(cosine 1\.0000/,
  );
  assert.equal(report.checks.find(({ check }) => check === 'hub')?.state, 'not checked');
  assert.deepEqual(sourceOf(report, '--device'), ['"cpu"', 'command line']);
  assert.deepEqual(sourceOf(report, '--threads'), ['1', 'environment']);
  assert.deepEqual(sourceOf(report, '--host'), ['"127.0.0.1"', 'default']);
});

test('doctor exits with 1 where the libraries are missing, and says what to do', async () => {
  const folder = makeTemporaryFolder();
  const args = ['doctor', '--device', 'cpu', '--port', '0', '--llama-folder', folder];
  const { code, stdout, stderr } = await runCli(args, { env: OFFLINE });
  assert.deepEqual([code, stderr], [1, '']);
  assert.match(stdout, /^problem +libraries +none for /m);
  assert.match(stdout, /^problem +decode +no usable llama\.cpp library /m);
  assert.match(stdout, /^2 problems, 0 warnings\n$/m);
});

test('doctor says where a key comes from and never shows it', async () => {
  const args = ['doctor', '--device', 'cpu', '--port', '0', '--llama-folder', makeTemporaryFolder()];
  const env = { ...OFFLINE, QWEN_EMBED_API_KEY: 'sesame-of-mine' };
  for (const more of [[], ['--json']]) {
    const { stdout, stderr } = await runCli([...args, ...more], { env });
    assert.match(stdout, /--api-key.*\(secret\)/);
    assert.ok(!`${stdout}${stderr}`.includes('sesame'));
  }
});

test('a vector that is wrong is noticed', async () => {
  const settings = { ...defaultsOf('doctor'), device: 'cpu' } as const;
  const wrong = KNOWN_ANSWER.map((value, i) => (i % 2 === 0 ? value : -value));
  const { state, found, advice } = await checkDecode({ settings, env: {} }, wrong);
  assert.equal(state, 'problem');
  assert.match(found, /: the vector of a known text is wrong, cosine -?0\.\d{6}$/);
  assert.match(advice ?? '', /report it/);
});
