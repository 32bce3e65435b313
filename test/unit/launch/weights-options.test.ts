import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../../src/config/options.ts';
import { Fault } from '../../../src/faults.ts';
import { settleWeights, tellFileWeights } from '../../../src/launch/weights-options.ts';

const FOLDER = { kind: 'folder', path: './m' } as const;
const FILE = { kind: 'gguf', path: './m.gguf' } as const;
const HUB = { kind: 'hub', repo: 'a/b', revision: null, quantization: null } as const;

const settings = (changes: Partial<Settings<'launch'>>) =>
  ({ outtype: 'auto', dtype: 'auto', quantization: null, ...changes }) as Settings<'launch'>;

function refusal(changes: Partial<Settings<'launch'>>, named: typeof FOLDER | typeof FILE): string {
  try {
    settleWeights(settings(changes), named);
  } catch (error) {
    if (error instanceof Fault) return error.message;
  }
  throw new assert.AssertionError({ message: 'no fault' });
}

test('for a folder --quantization is the type to convert to', () => {
  const { outtype, quantization } = settleWeights(settings({ quantization: 'Q8_0' }), FOLDER);
  assert.deepEqual([outtype, quantization], ['q8_0', null]);
});

test('a type that no conversion makes, or another --outtype, is refused', () => {
  assert.equal(
    refusal({ quantization: 'fp8' }, FOLDER),
    '--quantization fp8: a folder is converted to one of f32, f16, bf16, q8_0',
  );
  assert.equal(
    refusal({ quantization: 'q8_0', outtype: 'f16' }, FOLDER),
    '--quantization q8_0: --outtype says f16',
  );
});

test('a .gguf file takes no other type', () => {
  assert.equal(
    refusal({ quantization: 'q8_0' }, FILE),
    '--quantization q8_0: the weights in ./m.gguf have their type already',
  );
});

test("SGLang's words for weights as they are change nothing", () => {
  for (const quantization of ['gguf', 'unquant'])
    for (const named of [FOLDER, FILE, HUB])
      assert.equal(settleWeights(settings({ quantization }), named).outtype, 'auto');
  assert.equal(settleWeights(settings({ quantization: 'gguf' }), HUB).quantization, null);
});

test('of a repository the type is chosen later', () => {
  assert.equal(settleWeights(settings({ quantization: 'Q4_K_M' }), HUB).quantization, 'q4_k_m');
});

test('--dtype with a .gguf file passes where the file has as much, and what is served is said', () => {
  const tell = (dtype: Settings<'launch'>['dtype'], type: string) =>
    tellFileWeights({ dtype }, { path: 'm.gguf', type });
  assert.equal(tell('auto', 'Q8_0'), 'weights: Q8_0, as the file has them');
  assert.equal(
    tell('bfloat16', 'Q8_0'),
    'weights: Q8_0, as the file has them; --dtype bfloat16 changes nothing',
  );
  assert.match(tell('float32', 'F32'), /^weights: F32/);
  assert.throws(() => tell('float32', 'Q8_0'), {
    code: 'BAD_OPTION',
    message: '--dtype float32: the weights in m.gguf (Q8_0) have their type already',
  });
});
