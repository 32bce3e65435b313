// What may be relied on of a conversion that outlives its process: files and notes, with bytes that mean nothing.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ArrivingShard } from '../../../src/convert/arriving-shard.ts';
import { noteOf, NoteUnfit, readNotedShards, writeOnUnfinished } from '../../../src/convert/unfinished.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const HEADER = Buffer.from('header');
const BYTES = Buffer.from('header and numbers');

const shardOf = (name: string, identity: string): ArrivingShard => ({
  name,
  path: `/model/${name}`,
  identity,
  tensors: [],
  whole: Promise.resolve(`/model/${name}`),
});
const [FIRST, SECOND] = [shardOf('first', 'sha256 1'), shardOf('second', 'sha256 2')] as const;
const SHARDS = [FIRST, SECOND];

interface Run {
  shards?: readonly ArrivingShard[];
  /** The shard after whose noting the run ends. */
  endsAfter?: ArrivingShard;
  checkHeld?: () => Promise<void>;
  seeHandle?: (handle: FileHandle) => void;
}

const ENDED = new Error('ended by the test');

async function run(path: string, { shards = SHARDS, endsAfter, ...more }: Run = {}): Promise<void> {
  const { checkHeld = () => Promise.resolve(), seeHandle } = more;
  const file = { path, sizeBytes: BYTES.length, header: HEADER, arriving: shards, checkHeld };
  await writeOnUnfinished(file, (ledger) => async (handle) => {
    seeHandle?.(handle);
    for (const shard of shards) {
      if (ledger.has(shard.name)) continue;
      await handle.write(BYTES, 0, BYTES.length, 0);
      await ledger.add(shard);
      if (shard === endsAfter) throw ENDED;
    }
  });
}

const notedIn = (path: string): string[] => readNotedShards(path).map(({ name }) => name);

test('what an ended run has noted is known to the next, and the whole file has its name alone', async () => {
  const path = join(makeTemporaryFolder(), 'm.gguf');
  await assert.rejects(run(path, { endsAfter: FIRST }), ENDED);
  assert.deepEqual([notedIn(path), existsSync(path)], [['first'], false]);
  await run(path);
  assert.ok(readFileSync(path).equals(BYTES));
  assert.ok(!existsSync(noteOf(path)));
});

test('a note of a shard that has other content now is of another file', async () => {
  const path = join(makeTemporaryFolder(), 'm.gguf');
  await assert.rejects(run(path, { endsAfter: FIRST }), ENDED);
  await assert.rejects(run(path, { shards: [shardOf('first', 'sha256 9'), SECOND] }), NoteUnfit);
});

test('the numbers of a shard are on the disk before a note says so', async () => {
  const path = join(makeTemporaryFolder(), 'm.gguf');
  const notedAtSync: string[][] = [];
  const seeHandle = (handle: FileHandle): void => {
    const sync = handle.sync.bind(handle);
    handle.sync = () => {
      notedAtSync.push(notedIn(path));
      return sync();
    };
  };
  await run(path, { seeHandle });
  assert.deepEqual(notedAtSync.slice(0, 2), [[], ['first']]);
});

test('whoever has lost the lock notes nothing', async () => {
  const path = join(makeTemporaryFolder(), 'm.gguf');
  await assert.rejects(run(path, { checkHeld: () => Promise.reject(ENDED) }), ENDED);
  assert.deepEqual(notedIn(path), []);
});
