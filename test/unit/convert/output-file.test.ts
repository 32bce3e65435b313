import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { placeOutput, WriteBehind } from '../../../src/convert/output-file.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const MUCH = 1_000_000_000;

/** Counts syncs; those of `datasync` end when the test says so. */
function fakeHandle(): { handle: FileHandle; calls: string[]; end: (error?: Error) => void } {
  const calls: string[] = [];
  let end: (error?: Error) => void = () => undefined;
  const datasync = (): Promise<void> => {
    calls.push('datasync');
    return new Promise((resolve, reject) => {
      end = (error) => {
        if (error === undefined) resolve();
        else reject(error);
      };
    });
  };
  const sync = (): Promise<void> => {
    calls.push('sync');
    return Promise.resolve();
  };
  const handle = { datasync, sync } as unknown as FileHandle;
  return {
    handle,
    calls,
    end: (error) => {
      end(error);
    },
  };
}

test('a file is synced while it is written, one sync at a time, and once more at its end', async () => {
  const { handle, calls, end } = fakeHandle();
  const behind = new WriteBehind(handle);
  behind.wrote(1);
  assert.deepEqual(calls, []);
  behind.wrote(MUCH);
  behind.wrote(MUCH);
  assert.deepEqual(calls, ['datasync']);
  const synced = behind.sync();
  end();
  await synced;
  assert.deepEqual(calls, ['datasync', 'sync']);
});

test('an early sync that went wrong fails the last one, which alone would not know', async () => {
  const { handle, calls, end } = fakeHandle();
  const behind = new WriteBehind(handle);
  behind.wrote(MUCH);
  end(new Error('EIO'));
  await assert.rejects(behind.sync(), /EIO/);
  assert.deepEqual(calls, ['datasync']);
});

test('folders of the output are made, and a slash at its end says that it is one', async () => {
  const folder = makeTemporaryFolder();
  const names = { fileName: 'm.gguf', inputs: [] };
  assert.equal(await placeOutput(join(folder, 'a', 'x.gguf'), names), join(folder, 'a', 'x.gguf'));
  assert.equal(await placeOutput(join(folder, 'b/'), names), join(folder, 'b', 'm.gguf'));
  assert.deepEqual([existsSync(join(folder, 'a')), existsSync(join(folder, 'b'))], [true, true]);
});
