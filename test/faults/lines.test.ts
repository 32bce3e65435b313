// With --log-format json a service says nothing that is not JSON, however it ends.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { workersOf } from '../../scripts/processes.ts';
import { runCli } from '../fixtures/run-cli.ts';
import { fixtureFile } from '../fixtures/tiny-model.ts';
import { eventually } from '../fixtures/eventually.ts';
import { serve } from './serving.ts';

const skip = process.platform === 'linux' ? false : 'it reads /proc';
const JSON_LINES = ['--log-format', 'json', '--log-level', 'debug', '--log-requests'];

let model = '';
before(async () => {
  model = await fixtureFile('f32');
});

type Line = Record<string, unknown>;

/** Every line must be an object with a time. */
function parseLines(text: string): Line[] {
  const lines = text.trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  for (const { time } of parsed) assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  return parsed;
}

test(
  'every line of a service is JSON, and a death names the request that the worker had',
  { skip },
  async (t) => {
    const server = await serve(t, model, { args: [...JSON_LINES, '--max-num-seqs', '4'] });
    const [worker = 0] = workersOf(server.pid);
    process.kill(worker, 'SIGSTOP');
    const answer = fetch(`${server.url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'req-of-mine', connection: 'close' },
      body: JSON.stringify({ input: 'a' }),
    });
    await eventually(async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return /^sglang:num_running_reqs\S* 1$/m.test(metrics);
    });
    process.kill(worker, 'SIGKILL');
    assert.equal((await answer).status, 200);
    assert.equal(await server.end(), 0);
    const [ready, request] = parseLines(server.stdout());
    assert.deepEqual([ready?.['level'], ready?.['url']], ['info', server.url]);
    assert.equal(request?.['requestId'], 'req-of-mine');
    const death = parseLines(server.stderr()).find(
      ({ message }) => message === 'worker died and is restarted',
    );
    assert.deepEqual(death?.['requestIds'], ['req-of-mine']);
  },
);

for (const [mistake, args, code, exitCode] of [
  ['a model that is not there', ['--model-path', '/nowhere.gguf'], 'model_missing', 4],
  ['an option that is not there', ['--prot', '1'], 'bad_option', 2],
] as [string, string[], string, number][]) {
  test(`${mistake} is one JSON line with the hint`, async () => {
    const outcome = await runCli(['launch', '--log-format', 'json', ...args]);
    assert.equal(outcome.code, exitCode);
    const lines = parseLines(outcome.stderr);
    const { level, code: told, hint } = lines.at(-1) ?? {};
    assert.deepEqual([level, told, typeof hint, outcome.stdout], ['error', code, 'string', '']);
  });
}
