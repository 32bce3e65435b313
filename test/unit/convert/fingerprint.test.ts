import assert from 'node:assert/strict';
import { cpSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { fingerprintModelFolder } from '../../../src/convert/fingerprint.ts';
import {
  listSmallTensors,
  makeSmallModel,
  renderSafetensors,
  SMALL_SHAPE,
  writeFiles,
  zeros,
} from './small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const original = makeSmallModel();
const identity = fingerprintModelFolder(original);

function changed(files: Record<string, unknown>): string {
  const copy = join(makeTemporaryFolder(), 'copy');
  cpSync(original, copy, { recursive: true });
  writeFiles(copy, files);
  return fingerprintModelFolder(copy);
}

test('a copy under another name and with other times has the same identity', () => {
  const copy = join(makeTemporaryFolder(), 'other-name');
  cpSync(original, copy, { recursive: true });
  utimesSync(join(copy, 'model.safetensors'), 1, 1);
  assert.equal(fingerprintModelFolder(copy), identity);
});

test('every small file that a conversion reads changes the identity', () => {
  for (const name of [
    'config.json',
    'README.md',
    'modules.json',
    '1_Pooling/config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'generation_config.json',
    'chat_template.jinja',
    'additional_chat_templates/tools.jinja',
  ]) {
    const content = name === 'modules.json' ? [{ type: 'x.Pooling', path: '1_Pooling' }] : { changed: true };
    assert.notEqual(changed({ [name]: content }), identity, name);
  }
});

test('files that a conversion does not read leave the identity alone', () => {
  assert.equal(changed({ 'notes.txt': 'x', 'model.gguf': 'x' }), identity);
});

test('a change in any one tensor changes the identity', () => {
  const shapes = listSmallTensors(SMALL_SHAPE);
  const identities = shapes.map(([changedName]) => {
    const tensors = shapes.map(([name, shape]) => {
      const tensor = zeros(name, shape);
      if (name === changedName) tensor.bytes.fill(1);
      return tensor;
    });
    return changed({ 'model.safetensors': renderSafetensors(tensors) });
  });
  assert.equal(new Set([identity, ...identities]).size, shapes.length + 1);
});

test('the same tensors in a shard of another name are another model', () => {
  const copy = join(makeTemporaryFolder(), 'copy');
  cpSync(original, copy, { recursive: true });
  renameSync(join(copy, 'model.safetensors'), join(copy, 'model-1.safetensors'));
  assert.notEqual(fingerprintModelFolder(copy), identity);
});
