import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readText } from '../../../src/cli/read-text.ts';

test('a file without end is given up at the limit', { skip: process.platform === 'win32' }, async () => {
  await assert.rejects(readText('/dev/zero', 65_536), {
    code: 'FILE_UNREADABLE',
    message: '/dev/zero: has more than 65536 bytes',
  });
});
