import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { createControl, runTask, type TranscodeTask } from '../../../src/convert/transcode.ts';
import { assertFault, makeFolder } from './small-model.ts';

const folder = makeFolder();
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
        source: { path: source, descriptor: from, offsetBytes: 0 },
        targetOffsetBytes: 0,
      },
    ],
    target: { path: target, descriptor: to },
    control: createControl(),
  };
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
