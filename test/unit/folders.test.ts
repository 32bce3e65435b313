import assert from 'node:assert/strict';
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../src/folders.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

test('a folder is made with all above it, by however many at once, and is there already', async () => {
  const root = makeTemporaryFolder();
  const path = join(root, 'a', 'b', 'c');
  await Promise.all([1, 2, 3, 4].map(() => makeFolder(path)));
  await makeFolder(path);
  assert.deepEqual(readdirSync(root, { recursive: true }).length, 3);
});

test(
  'a folder that takes none ends the attempt with its reason',
  { skip: !existsSync('/proc/1') },
  async () => {
    await assert.rejects(makeFolder('/proc/x/y/z'), { code: 'ENOENT', message: /mkdir '\/proc\/x'/ });
  },
);

test('a file in the way is no folder, nor is a link that leads nowhere', async () => {
  const root = makeTemporaryFolder();
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nothing'), join(root, 'link'));
  await assert.rejects(makeFolder(join(root, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolder(join(root, 'file', 'a')), { code: 'ENOTDIR' });
  await assert.rejects(makeFolder(join(root, 'link')), { code: 'EEXIST' });
});
