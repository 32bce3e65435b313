import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readHubSettings } from '../../../src/download/settings.ts';
import type { ModelReference } from '../../../src/models/reference.ts';
import { verifyFiles } from '../../../src/models/verify-files.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const FILES = { 'config.json': '{}', 'model.safetensors': 'weights' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A folder of files, and the list of their sums as SGLang writes it. */
function makeModel(): { folder: string; sums: string } {
  const folder = makeTemporaryFolder();
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const checksums = Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, sha256(text)]));
  const sums = join(folder, 'checksums.json');
  writeFileSync(sums, JSON.stringify({ checksums }));
  return { folder, sums };
}

const verify = (model: ModelReference, source: string) =>
  verifyFiles(model, { source, hubSettings: readHubSettings({ HF_HUB_OFFLINE: '1' }, {}) });

test('files that have the digests of the list pass, in a folder and a .gguf alone', async () => {
  const { folder, sums } = makeModel();
  await verify({ kind: 'folder', path: folder }, sums);
  await verify({ kind: 'gguf', path: join(folder, 'model.safetensors') }, sums);
});

test('a file that differs is named with both digests', async () => {
  const { folder, sums } = makeModel();
  const path = join(folder, 'model.safetensors');
  writeFileSync(path, 'weighty');
  await assert.rejects(verify({ kind: 'folder', path: folder }, sums), {
    code: 'WEIGHTS_CORRUPT',
    message: `${path}: its digest is ${sha256('weighty').slice(0, 16)}…, ${sums} says ${sha256('weights').slice(0, 16)}…`,
  });
});

test('a file that is listed and not there is named', async () => {
  const { folder, sums } = makeModel();
  rmSync(join(folder, 'config.json'));
  await assert.rejects(verify({ kind: 'folder', path: folder }, sums), { code: 'MODEL_MISSING' });
});

test('a .gguf that the list does not have is refused', async () => {
  const { folder, sums } = makeModel();
  const path = join(folder, 'other.gguf');
  await assert.rejects(verify({ kind: 'gguf', path }, sums), { code: 'BAD_OPTION', message: /other\.gguf/ });
});

test('a list that is none is refused before a byte of the model is read', async () => {
  const { folder, sums } = makeModel();
  const short = '{"checksums": {"config.json": "00"}}';
  for (const text of [short, '{"files": {}}', 'null', 'no JSON']) {
    writeFileSync(sums, text);
    await assert.rejects(verify({ kind: 'folder', path: folder }, sums), { code: 'FILE_UNREADABLE' });
  }
});

test('a list that names a file outside of the folder is refused', async () => {
  const { folder, sums } = makeModel();
  writeFileSync(join(folder, 'x'), 'there');
  for (const name of ['../x', 'sub/x', join(folder, 'x')]) {
    writeFileSync(sums, JSON.stringify({ checksums: { [name]: sha256('there') } }));
    await assert.rejects(verify({ kind: 'folder', path: folder }, sums), { code: 'FILE_UNREADABLE' });
  }
});

test('a repository is held against its own list and no other, a folder against one that is named', async () => {
  const hub = { kind: 'hub', repo: 'a/b', revision: null, quantization: null } as const;
  await verify(hub, '');
  await verify(hub, 'a/b');
  await assert.rejects(verify(hub, 'sums.json'), { code: 'BAD_OPTION' });
  await assert.rejects(verify({ kind: 'folder', path: makeModel().folder }, ''), { code: 'BAD_OPTION' });
});
