// Weights that the graph cannot take in its usual way: parts of different types, and a token table kept on the host.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderGgufHeader } from '../../src/convert/gguf-write.ts';
import { padTo } from '../../src/convert/gguf.ts';
import { emptyProfile } from '../../src/embedder.ts';
import { openEngine } from '../../src/engine/engine.ts';
import { openDevice } from '../../src/engine/graph/device.ts';
import { GraphLane } from '../../src/engine/graph/graph-lane.ts';
import { Weights } from '../../src/engine/graph/weights.ts';
import { findLibraries } from '../../src/engine/libraries.ts';
import { openLlama } from '../../src/engine/llama-abi.ts';
import { readModelFile, readTensor } from '../../src/engine/model-file.ts';
import { TokenTable } from '../../src/engine/token-table.ts';
import { engineSettings, fixtureFile, makeTemporaryFolder } from '../fixtures/tiny-model.ts';

const INPUTS = [
  [9707, 1879, 151643],
  [1, 2, 3, 4, 5, 6, 151643],
];

/** The bf16 file with v and up of every layer in f32, as mixed quantisations have v in another type than q. */
async function writeMixedFile(): Promise<string> {
  const [narrow, wide] = [readModelFile(await fixtureFile('bf16')), readModelFile(await fixtureFile('f32'))];
  const picked = narrow.header.tensors.map((tensor) => {
    const file = /attn_v|ffn_up/.test(tensor.name) ? wide : narrow;
    return { file, tensor: file.header.tensors.find(({ name }) => name === tensor.name) ?? assert.fail() };
  });
  const parts: Uint8Array[] = [
    renderGgufHeader({ metadata: narrow.header.metadata, tensors: picked.map(({ tensor }) => tensor) }),
  ];
  for (const { file, tensor } of picked)
    parts.push(readTensor(file, tensor), new Uint8Array(padTo(tensor.sizeBytes, 32) - tensor.sizeBytes));
  const path = join(makeTemporaryFolder(), 'mixed.gguf');
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

test('graph: weights of mixed types give the vectors of llama.cpp', async () => {
  const file = await writeMixedFile();
  const graph = openEngine(engineSettings(file, { compute: 'graph' }));
  const llama = openEngine(engineSettings(file));
  const [a, b] = [await graph.embed(INPUTS), await llama.embed(INPUTS)];
  for (const [i, x] of a.vectors.entries()) assert.ok(Math.abs(x - (b.vectors[i] ?? NaN)) < 2e-3);
  await Promise.all([graph.close(), llama.close()]);
});

test('graph: token vectors looked up on the host are those of the table on the device', async () => {
  const llama = openLlama(findLibraries('cpu'), () => undefined);
  const file = readModelFile(await fixtureFile('q8_0'));
  const device = openDevice(llama, 'cpu');
  const shape = { batchTokens: 64, sequences: 8, prefixSequences: 0, cells: 64, flashAttention: true };
  const bytes = readTensor(file, file.tokenEmbeddings);
  const results: Float32Array[][] = [];
  for (const hostTable of [false, true]) {
    const weights = new Weights(device, file, { hostTable });
    const table = hostTable
      ? new TokenTable(llama, { ...file.tokenEmbeddings, path: file.path, bytes })
      : null;
    const options = { device, weights, table, path: file.path, threads: 1, profile: emptyProfile() };
    const lane = new GraphLane({ ...shape, ...options });
    const rows: Float32Array[] = [];
    const texts = INPUTS.map((input) => ({ tokens: Int32Array.from(input), prefix: null }));
    await lane.decodeTexts(texts, (i, raw) => (rows[i] = raw.slice()));
    lane.close();
    weights.close();
    results.push(rows);
  }
  assert.deepEqual(results[0], results[1]);
});
