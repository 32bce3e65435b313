import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import {
  announceSource,
  createControl,
  createSources,
  runTask,
  stop,
  type TranscodeTask,
} from '../../../src/convert/transcode.ts';
import { assertFault } from './small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const folder = makeTemporaryFolder();
const source = join(folder, 'source');
const target = join(folder, 'target');
writeFileSync(source, new Uint8Array(64));
writeFileSync(target, '');

function run({ elements, writable }: { elements: number; writable: boolean }): void {
  const [from, to] = [openSync(source, 'r'), openSync(target, writable ? 'r+' : 'r')];
  const task: TranscodeTask = {
    passages: [
      {
        name: 't',
        from: 'BF16',
        to: 'F32',
        elements,
        source: { path: source, slot: 0, offsetBytes: 0 },
        targetOffsetBytes: 0,
      },
    ],
    target: { path: target, descriptor: to },
    sources: createSources([64]),
    control: createControl(),
  };
  announceSource(task, { slot: 0, descriptor: from, leadingBytes: Number.MAX_SAFE_INTEGER });
  try {
    runTask(task, () => undefined);
  } finally {
    closeSync(from);
    closeSync(to);
  }
}

test('a source that became shorter is corrupt, not silently zero', () => {
  assertFault(
    () => {
      run({ elements: 33, writable: true });
    },
    'WEIGHTS_CORRUPT',
    /became shorter/,
  );
});

test('a failing write names the file', () => {
  assertFault(
    () => {
      run({ elements: 32, writable: false });
    },
    'FILE_UNWRITABLE',
    /cannot write .*target/,
  );
});

test('a task that is stopped does not wait for a source that never comes', () => {
  const task: TranscodeTask = {
    passages: [
      {
        name: 't',
        from: 'BF16',
        to: 'F32',
        elements: 1,
        source: { path: source, slot: 0, offsetBytes: 0 },
        targetOffsetBytes: 0,
      },
    ],
    target: { path: target, descriptor: -1 },
    sources: createSources([64]),
    control: createControl(),
  };
  stop(task.control);
  let bytes = 0;
  runTask(task, (done) => (bytes += done));
  assert.equal(bytes, 0);
});
