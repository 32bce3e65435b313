// What config.json says of a model's size, to a launch and to the converter.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readModelConfig } from '../../../src/models/read-config.ts';
import { smallConfig } from '../convert/small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

function configOf(changes: Record<string, unknown>): ReturnType<typeof readModelConfig> {
  const folder = makeTemporaryFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...smallConfig(), ...changes }));
  return readModelConfig(folder);
}

test('a config.json without max_position_embeddings has the context that transformers gives it', () => {
  assert.equal(configOf({ max_position_embeddings: undefined }).contextTokens, 32_768);
});

test('a context that is no positive integer is refused by its name', () => {
  assert.throws(() => configOf({ max_position_embeddings: '32k' }), {
    code: 'MODEL_UNSUPPORTED',
    message: /max_position_embeddings is "32k", not a positive integer/,
  });
});
