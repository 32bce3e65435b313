import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { parseHubReference, parseReference, refineReference } from '../../../src/models/reference.ts';

const hub = (repo: string, revision: string | null = null, quantization: string | null = null) => ({
  kind: 'hub',
  repo,
  revision,
  quantization,
});

const NAMES: [string, ReturnType<typeof hub>][] = [
  ['Qwen/Qwen3-Embedding-0.6B', hub('Qwen/Qwen3-Embedding-0.6B')],
  ['me/my_model.v2', hub('me/my_model.v2')],
  ['Qwen/Qwen3-Embedding-0.6B@main', hub('Qwen/Qwen3-Embedding-0.6B', 'main')],
  ['Qwen/Qwen3-Embedding-0.6B@refs/pr/7', hub('Qwen/Qwen3-Embedding-0.6B', 'refs/pr/7')],
  ['Qwen/Qwen3-Embedding-4B-GGUF:q4_k_m', hub('Qwen/Qwen3-Embedding-4B-GGUF', null, 'Q4_K_M')],
  ['Qwen/Qwen3-Embedding-4B-GGUF@v1:Q8_0', hub('Qwen/Qwen3-Embedding-4B-GGUF', 'v1', 'Q8_0')],
  ['0.6b', hub('Qwen/Qwen3-Embedding-0.6B')],
  ['Qwen3-Embedding-8B', hub('Qwen/Qwen3-Embedding-8B')],
  ['qwen3-embedding-4b-gguf:Q8_0', hub('Qwen/Qwen3-Embedding-4B-GGUF', null, 'Q8_0')],
];

for (const [text, expected] of NAMES) {
  test(`${text} is ${expected.repo}`, () => {
    assert.deepEqual(parseReference(text, null), expected);
  });
}

test('what lies on disk wins over a repository of the same name', () => {
  const text = 'Qwen/Qwen3-Embedding-0.6B';
  assert.deepEqual(parseReference(text, 'folder'), { kind: 'folder', path: text });
  assert.deepEqual(parseReference('m.gguf', 'file'), { kind: 'gguf', path: 'm.gguf' });
});

const faultOf = (action: () => unknown): Fault => {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error as Fault;
  }
  throw new assert.AssertionError({ message: 'no fault' });
};

for (const path of ['./Qwen/Qwen3', '../m', '/m', '~/m', 'C:\\m', 'D:/m', 'models\\m', 'owner/m.gguf']) {
  test(`${path} can only be a path, so nothing is looked for on the hub`, () => {
    assert.match(faultOf(() => parseReference(path, null)).message, /: no such file or folder$/);
  });
}

test('a file of another kind is refused', () => {
  assert.match(
    faultOf(() => parseReference('model.bin', 'file')).message,
    /is a file, but not a \.gguf file/,
  );
});

for (const text of ['a/b/c', 'a/b:', 'a/b@', 'a b', '../..', 'owner/..', '']) {
  test(`${JSON.stringify(text)} names no model`, () => {
    assert.equal(faultOf(() => parseReference(text, null)).code, 'MODEL_MISSING');
  });
}

test('a slip gets the nearest names, another family an example', () => {
  const { hint } = faultOf(() => parseReference('Qwen3-Embeding-0.6', null));
  assert.match(hint, /^did you mean Qwen\/Qwen3-Embedding-0\.6B or /);
  assert.equal(faultOf(() => parseReference('bge', null)).hint, 'try Qwen/Qwen3-Embedding-0.6B');
});

test('options complete a name and do not contradict it', () => {
  const named = parseHubReference('a/b@v1');
  assert.deepEqual(
    refineReference(named, { revision: null, quantization: 'q8_0' }),
    hub('a/b', 'v1', 'Q8_0'),
  );
  assert.deepEqual(refineReference('a/b', { revision: 'v2', quantization: null }), hub('a/b', 'v2'));
  const fault = faultOf(() => refineReference(named, { revision: 'v2', quantization: null }));
  assert.equal(fault.message, "--revision v2: the model's name says v1");
});
