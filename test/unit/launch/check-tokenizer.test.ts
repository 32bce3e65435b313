import assert from 'node:assert/strict';
import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkTokenizer } from '../../../src/launch/check-tokenizer.ts';
import type { ModelReference } from '../../../src/models/reference.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const HUB = {
  kind: 'hub',
  repo: 'Qwen/Qwen3-Embedding-4B-GGUF',
  revision: null,
  quantization: null,
} as const;

function accepts(tokenizerPath: string | null, model: ModelReference): boolean {
  try {
    checkTokenizer({ tokenizerPath, modelPath: 'given' }, model);
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'BAD_OPTION');
    return false;
  }
}

test("the model's own place is taken, by whatever name it goes", () => {
  const folder = makeTemporaryFolder();
  const link = join(makeTemporaryFolder(), 'link');
  symlinkSync(folder, link);
  const model = { kind: 'folder', path: folder } as const;
  assert.deepEqual(
    [null, 'given', link, `${folder}/`].map((path) => accepts(path, model)),
    [true, true, true, true],
  );
  assert.ok(accepts('Qwen/Qwen3-Embedding-4B', HUB));
});

test('another folder is taken with the same tokenizer.json, and refused with another', () => {
  const [folder, other] = [makeTemporaryFolder(), makeTemporaryFolder()];
  writeFileSync(join(folder, 'tokenizer.json'), '{"model": 1}');
  cpSync(join(folder, 'tokenizer.json'), join(other, 'tokenizer.json'));
  assert.ok(accepts(other, { kind: 'folder', path: folder }));
  writeFileSync(join(other, 'tokenizer.json'), '{"model": 2}');
  assert.ok(!accepts(other, { kind: 'folder', path: folder }));
});

test('a place that cannot be compared is refused', () => {
  assert.ok(!accepts('/nowhere', { kind: 'gguf', path: 'model.gguf' }));
  assert.ok(!accepts('Qwen/Qwen3-Embedding-8B', HUB));
});
