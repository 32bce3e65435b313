import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { totalOf } from '../../../src/launch/memory-budget.ts';
import { engineOf, firstAttempt, MACHINE, outline, plan, withCuda, type Changes } from './plan-question.ts';

function shortageOf(changes: Changes): Fault {
  try {
    plan(changes);
  } catch (error) {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'MEMORY_SHORT');
    return error as Fault;
  }
  return assert.fail('it fits');
}

const onCuda = (freeGigabytes: number, changes: Changes = {}): Changes => ({
  ...changes,
  settings: { device: 'cuda', ...changes.settings },
  machine: { ...withCuda(1, freeGigabytes), ...changes.machine },
});

test('what a plan takes is never more than the budget allows, whatever is free', () => {
  for (let free = 10; free <= 80; free += 2)
    for (const { needed, allowedBytes } of firstAttempt(onCuda(free)).places)
      assert.ok(totalOf(needed) <= allowedBytes, `${String(free)} GB`);
});

test('with less memory first prefixes shrink, then lanes, then batches, then the longest text', () => {
  const shrunk = [20, 18, 16, 14, 12, 10].map((free) => Object.keys(firstAttempt(onCuda(free)).shrunk));
  for (const [i, names] of shrunk.entries())
    assert.ok((shrunk[i + 1] ?? names).length >= names.length, JSON.stringify(shrunk));
  assert.deepEqual(shrunk.at(-1), ['lanes', 'batchTokens', 'prefixTokens', 'contextTokens']);
});

test('a smaller --mem-fraction-static shrinks the lanes', () => {
  assert.equal(engineOf(onCuda(24)).lanes, 3);
  assert.ok(engineOf(onCuda(24, { settings: { memFractionStatic: 0.6 } })).lanes < 3);
});

test('too little memory is a fault with the numbers by purpose, and the nearest type that fits', () => {
  const fault = shortageOf(onCuda(8));
  assert.match(
    fault.message,
    /^too little memory on CUDA0: 9\.\d GB for weights \(7\.3 GB\), token table \(0\.78 GB\), process \(0\.70 GB\), .*, --mem-fraction-static 0\.9 of the 8\.0 GB free there allows 7\.2 GB$/,
  );
  assert.equal(fault.hint, 'use --outtype q8_0, which fits');
});

test('a .gguf that does not fit cannot be had in another type: a smaller model is named', () => {
  const model = { ...outline('4B'), isConverted: false };
  assert.equal(
    shortageOf(onCuda(8, { model })).hint,
    'use Qwen3-Embedding-4B with --outtype q8_0, which fits',
  );
  assert.equal(shortageOf(onCuda(4, { model })).hint, 'use Qwen3-Embedding-0.6B, which fits');
});

test('options that ask for too much are named with the largest value that fits', () => {
  const asked = (lanes: number) => onCuda(14, { settings: { lanes, batchTokens: 2048, compute: 'llama' } });
  const { hint } = shortageOf(asked(64));
  assert.match(hint, /^use --lanes \d+, which fits$/);
  const lanes = Number(/\d+/.exec(hint)?.[0]);
  assert.equal(engineOf(asked(lanes)).lanes, lanes);
  shortageOf(asked(lanes + 1));
});

test('workers on the CPU share one budget', () => {
  const machine = { memory: { ...MACHINE.memory, freeBytes: 30e9 } };
  assert.equal(firstAttempt({ machine, settings: { dataParallel: 2 } }).workers.length, 2);
  const fault = shortageOf({ machine, settings: { dataParallel: 4 } });
  assert.match(fault.message, /^too little memory on the system: /);
  assert.equal(fault.hint, 'use --dp-size 3, which fits');
});

test('--device auto takes the CPU where the GPU has no room, and keeps the reason', () => {
  const { attempts, passedOver } = plan({ machine: withCuda(1, 2) });
  assert.deepEqual(
    attempts.map(({ backend }) => backend),
    ['cpu', 'cpu'],
  );
  assert.match(passedOver[0]?.fault.message ?? '', /^too little memory on CUDA0: /);
});

test('two GPUs share the weights of one model, and fit what one does not', () => {
  const settings = { device: 'cuda', tensorParallel: 2 } as const;
  const { places } = firstAttempt({ settings, machine: withCuda(2, 8) });
  assert.deepEqual(
    places.map(({ name }) => name),
    ['CUDA0', 'CUDA1', 'the system'],
  );
  const weights = places.map(({ needed }) => needed.weights);
  assert.equal((weights[0] ?? 0) + (weights[1] ?? 0), outline('4B').weights.layers);
});
