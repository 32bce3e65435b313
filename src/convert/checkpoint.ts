// Which .safetensors files make up a model and which tensors are in them, in the order in which they are converted:
// files by name, inside a file tensors by name. Checks the index against the files, both ways. A file that is still on
// its way counts as one that is there.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';
import type { ArrivingShard } from './arriving-shard.ts';
import { isFile, readJsonObject } from './files.ts';
import { readSafetensors, type SafeTensor } from './safetensors.ts';

export const INDEX_FILE = 'model.safetensors.index.json';

/** All tensors of the model. Faults: MODEL_MISSING, WEIGHTS_CORRUPT, FILE_UNREADABLE. */
export function readCheckpoint(modelFolder: string, arriving: readonly ArrivingShard[] = []): SafeTensor[] {
  const index = readIndex(modelFolder);
  const coming = new Map(arriving.map((shard) => [shard.name, shard]));
  const shards = listShards({ modelFolder, index, coming });
  // Two shards with one name: the first gives the place, the last the data, as in a Python dict.
  const tensors = new Map<string, SafeTensor>();
  for (const shard of shards) {
    const described = coming.get(shard)?.tensors ?? readSafetensors(join(modelFolder, shard));
    for (const tensor of described) tensors.set(tensor.name, tensor);
  }
  if (index !== null) checkNames(modelFolder, { index, found: tensors });
  return [...tensors.values()];
}

/** File names of the model's shards, in order. */
export function listCheckpointFiles(modelFolder: string, arriving: readonly ArrivingShard[] = []): string[] {
  const coming = new Map(arriving.map((shard) => [shard.name, shard]));
  return listShards({ modelFolder, index: readIndex(modelFolder), coming });
}

interface ShardSearch {
  modelFolder: string;
  index: ReadonlyMap<string, string> | null;
  coming: ReadonlyMap<string, ArrivingShard>;
}

function listShards(search: ShardSearch): string[] {
  return search.index === null ? findShards(search) : shardsOf(search.index, search);
}

function readIndex(modelFolder: string): Map<string, string> | null {
  const path = join(modelFolder, INDEX_FILE);
  const index = readJsonObject(path);
  if (index === undefined) return null;
  const { weight_map: weightMap } = index;
  if (!isObject(weightMap)) throw new Fault('WEIGHTS_CORRUPT', { path, problem: 'has no weight_map' });
  const shardOf = new Map<string, string>();
  for (const [name, shard] of Object.entries(weightMap)) {
    // A separator would reach outside the folder; a NUL cannot be in a file name.
    if (typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard) || shard.includes('\0'))
      throw new Fault('WEIGHTS_CORRUPT', {
        path,
        problem: `puts ${JSON.stringify(name)} into ${JSON.stringify(shard)}, which names no .safetensors file of the folder`,
      });
    shardOf.set(name, shard);
  }
  return shardOf;
}

function shardsOf(index: ReadonlyMap<string, string>, { modelFolder, coming }: ShardSearch): string[] {
  const shards = sortNames([...new Set(index.values())]);
  const missing = shards.filter((shard) => !coming.has(shard) && !isFile(join(modelFolder, shard)));
  if (missing.length > 0)
    throw new Fault('MODEL_MISSING', {
      path: modelFolder,
      problem: `${missing.join(', ')} missing, listed in ${INDEX_FILE}`,
      hint: 'the download is incomplete: fetch the missing files',
    });
  return shards;
}

function findShards({ modelFolder, coming }: ShardSearch): string[] {
  const names = [...new Set([...readdirSync(modelFolder), ...coming.keys()])];
  const shards = names.filter((name) => name.startsWith('model') && name.endsWith('.safetensors'));
  if (shards.length > 0) return sortNames(shards);
  if (names.some((name) => name.endsWith('.bin')))
    throw new Fault('MODEL_UNSUPPORTED', {
      path: modelFolder,
      problem: 'holds PyTorch .bin weights and no .safetensors',
      hint: 'fetch the repository files ending in .safetensors',
    });
  throw new Fault('MODEL_MISSING', { path: modelFolder, problem: 'has no model*.safetensors' });
}

function sortNames(names: string[]): string[] {
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function checkNames(
  modelFolder: string,
  { index, found }: { index: ReadonlyMap<string, string>; found: ReadonlyMap<string, SafeTensor> },
): void {
  const missing = [...index.keys()].filter((name) => !found.has(name));
  const extra = [...found.keys()].filter((name) => !index.has(name));
  if (missing.length === 0 && extra.length === 0) return;
  const problem =
    missing.length > 0
      ? `tensor ${JSON.stringify(missing[0])} and ${String(missing.length - 1)} more are in ${INDEX_FILE} but in no file`
      : `tensor ${JSON.stringify(extra[0])} and ${String(extra.length - 1)} more are in the files but not in ${INDEX_FILE}`;
  throw new Fault('WEIGHTS_CORRUPT', { path: modelFolder, problem });
}
