// Conversions that begin before their weights are whole: a model in three shards, handed over one by one.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { readArrivingShard, type ArrivingShard } from '../../../src/convert/arriving-shard.ts';
import { convert } from '../../../src/convert/convert.ts';
import { Fault } from '../../../src/faults.ts';
import {
  assertFault,
  frameSafetensors,
  listSmallTensors,
  makeSmallModel,
  renderSafetensors,
  SMALL_SHAPE,
} from './small-model.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const SHAPE = { ...SMALL_SHAPE, layers: 3 };

/** Every tensor with bytes of its own, in three shards with an index. */
function makeShardedModel(): { folder: string; shards: string[] } {
  const tensors = listSmallTensors(SHAPE).map(([name, shape], i) => {
    const elements = shape.reduce((product, length) => product * length, 1);
    const bytes = Uint8Array.from({ length: 2 * elements }, (_, at) => (7 * i + at) % 60);
    return { name, dtype: 'BF16', shape, bytes };
  });
  const shards = [0, 1, 2].map((i) => `model-0000${String(i + 1)}-of-00003.safetensors`);
  const shardOf = (i: number): string => shards[Math.floor((3 * i) / tensors.length)] ?? '';
  const files = Object.fromEntries(
    shards.map((shard) => [shard, renderSafetensors(tensors.filter((_, i) => shardOf(i) === shard))]),
  );
  const weightMap = Object.fromEntries(tensors.map(({ name }, i) => [name, shardOf(i)]));
  const folder = makeSmallModel(
    { 'model.safetensors.index.json': { weight_map: weightMap }, ...files },
    { shape: SHAPE },
  );
  return { folder, shards };
}

/** Takes the shards out of the folder; `send` puts one back and says so. */
async function takeAway(folder: string, shards: readonly string[]) {
  const away = join(folder, '..', 'away');
  mkdirSync(away);
  const doors = shards.map((name) => {
    renameSync(join(folder, name), join(away, name));
    const content = readFileSync(join(away, name));
    let resolve: (path: string) => void = () => undefined;
    let reject: (reason: unknown) => void = () => undefined;
    const whole = new Promise<string>((...settle) => ([resolve, reject] = settle));
    const send = (): void => {
      renameSync(join(away, name), join(folder, name));
      resolve(join(folder, name));
    };
    const arrival = {
      name,
      path: join(folder, name),
      identity: '',
      sizeBytes: content.length,
      readRange: ({ start, end }: { start: number; end: number }) =>
        Promise.resolve(content.subarray(start, end)),
      whole,
    };
    return { arrival, send, reject };
  });
  const arriving = await Promise.all(doors.map(({ arrival }) => readArrivingShard(arrival)));
  return { arriving, doors };
}

function startConversion(folder: string, arriving: readonly ArrivingShard[]) {
  const outfile = join(makeTemporaryFolder(), 'out.gguf');
  const done = convert({ modelFolder: folder, outfile, outtype: 'q8_0', arriving, workers: 2 });
  return { outfile, done };
}

test('shards that arrive last first give the same bytes as a whole folder', async () => {
  const { folder, shards } = makeShardedModel();
  const whole = await convert({
    modelFolder: folder,
    outfile: join(makeTemporaryFolder(), 'w.gguf'),
    outtype: 'q8_0',
  });
  const { arriving, doors } = await takeAway(folder, shards);
  const { outfile, done } = startConversion(folder, arriving);
  for (const { send } of doors.toReversed()) send();
  await done;
  assert.ok(readFileSync(outfile).equals(readFileSync(whole.outfile)));
});

test('one shard may be in the folder while the others arrive', async () => {
  const { folder, shards } = makeShardedModel();
  const { arriving, doors } = await takeAway(folder, shards.slice(1));
  const { done } = startConversion(folder, arriving);
  for (const { send } of doors) send();
  assert.equal((await done).tensorCount, listSmallTensors(SHAPE).length);
});

test('a shard that does not come ends the conversion with its own fault', async () => {
  const { folder, shards } = makeShardedModel();
  const { arriving, doors } = await takeAway(folder, shards);
  const { done } = startConversion(folder, arriving);
  const fault = new Fault('FILE_UNREADABLE', { path: 'shard', problem: 'lost on the way' });
  doors[0]?.send();
  for (const { reject } of doors.slice(1)) reject(fault);
  await assert.rejects(done, (error) => error === fault);
});

test('an abort ends a conversion that waits for its shards', async () => {
  const { folder, shards } = makeShardedModel();
  const { arriving } = await takeAway(folder, shards);
  const abort = new AbortController();
  const outfile = join(makeTemporaryFolder(), 'out.gguf');
  const done = convert({
    modelFolder: folder,
    outfile,
    outtype: 'f16',
    arriving,
    workers: 2,
    signal: abort.signal,
  });
  abort.abort(new Error('enough'));
  await assert.rejects(done, /enough/);
});

test('a shard is read while it grows, and the result has no name before the shard is whole', async () => {
  const { folder, shards } = makeShardedModel();
  const { arriving, doors } = await takeAway(folder, shards);
  const outfile = join(makeTemporaryFolder(), 'out.gguf');
  let done: Promise<unknown> = Promise.resolve();
  await new Promise<void>((read, failed) => {
    const growing = arriving.map((shard) => ({ ...shard, follow: followAway(folder, shard) }));
    const onProgress = ({ bytesDone, bytesTotal }: { bytesDone: number; bytesTotal: number }): void => {
      if (bytesDone === bytesTotal) read();
    };
    done = convert({ modelFolder: folder, outfile, outtype: 'q8_0', arriving: growing, onProgress });
    done.catch(failed);
  });
  // Begun when all of the other was read, and through with the rest of its way first.
  await convert({
    modelFolder: makeSmallModel(),
    outfile: join(makeTemporaryFolder(), 'later.gguf'),
    outtype: 'q8_0',
  });
  assert.ok(!existsSync(outfile));
  for (const { send } of doors) send();
  await done;
  assert.ok(existsSync(outfile));
});

/** As if all of the shard had come and were not checked. */
function followAway(folder: string, { name }: ArrivingShard): NonNullable<ArrivingShard['follow']> {
  const partialPath = join(folder, '..', 'away', name);
  return (listener) => {
    listener({ partialPath, leadingBytes: readFileSync(partialPath).length });
  };
}

test('a header that does not fit the size of its file is refused before the file is there', async () => {
  const content = frameSafetensors('{}', new Uint8Array(3));
  const whole = new Promise<string>(() => undefined);
  const read = readArrivingShard({
    name: 'model.safetensors',
    path: 'model.safetensors',
    identity: '',
    sizeBytes: content.length,
    readRange: ({ start, end }) => Promise.resolve(content.subarray(start, end)),
    whole,
  });
  const error: unknown = await read.then(
    () => null,
    (reason: unknown) => reason,
  );
  assertFault(
    () => {
      throw error;
    },
    'WEIGHTS_CORRUPT',
    /3 bytes of data, its header describes 0/,
  );
});

test("a name given for the folder's is where the model's name comes from", async () => {
  const folder = makeSmallModel({}, { name: '0123456789abcdef0123456789abcdef01234567' });
  const outfile = makeTemporaryFolder();
  const converted = await convert({
    modelFolder: folder,
    outfile,
    outtype: 'f16',
    folderName: 'Tiny-Embedding-9K',
  });
  assert.equal(converted.outfile, join(outfile, 'Tiny-Embedding-9K-F16.gguf'));
});
