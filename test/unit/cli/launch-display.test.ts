import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaunchSteps, renderService } from '../../../src/cli/launch-display.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { firstAttempt, withCuda } from '../launch/plan-question.ts';

function runSteps(isLive: boolean): { shown: string[]; printed: string[] } {
  const [shown, printed]: [string[], string[]] = [[], []];
  let nowMs = 0;
  const screen = {
    isLive,
    show: (text: string) => shown.push(text),
    clear: () => undefined,
    print: (line: string) => printed.push(line),
  };
  const steps = new LaunchSteps(screen, () => nowMs);
  steps.begin('converting');
  nowMs = 2340;
  steps.begin('loading');
  nowMs = 3000;
  steps.end();
  steps.end();
  return { shown, printed };
}

test('on a terminal each step stays with its time when it is over', () => {
  const { shown, printed } = runSteps(true);
  assert.deepEqual(shown, ['converting', 'loading']);
  assert.deepEqual(printed, ['    2.3 s  converting', '    0.7 s  loading']);
});

test('where no terminal is no step is printed', () => {
  assert.deepEqual(runSteps(false).printed, []);
});

test('the block at the end has URL, model, device, memory and lanes', () => {
  const attempt = firstAttempt({ machine: withCuda(2), settings: { dataParallel: 2 } });
  const lines = renderService({ url: 'http://h:1', modelName: 'tiny', attempt }).split('\n');
  assert.deepEqual(
    lines.map((line) => line.trim().split(/\s+/)[0]),
    ['URL', 'model', 'device', 'memory', 'lanes'],
  );
  assert.match(lines[2] ?? '', /CUDA, because .+; our own graph computes, 2 workers$/);
  assert.match(lines[3] ?? '', /GB of 72\.0 GB on CUDA0, .+ on CUDA1, .+ on the system$/);
  assert.match(lines[4] ?? '', /3 per worker, of 2048 tokens$/);
});

test('the help of every command has examples', () => {
  for (const [name, { examples }] of Object.entries(COMMANDS)) {
    assert.ok(examples.length > 0, name);
    for (const [line] of examples) assert.ok(line.startsWith(name), line);
  }
});
