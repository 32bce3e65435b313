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
import type { LaneText } from '../../src/engine/decoder.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { engineSettings, fixtureFile } from '../fixtures/tiny-model.ts';
import { relativeDifference } from '../fixtures/vectors.ts';

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

interface LaneChanges {
  hostTable?: boolean;
  rounds?: boolean;
}

/** Raw vectors of one lane, one decode per batch. */
async function decodeWith(
  batches: readonly (readonly LaneText[])[],
  { hostTable = false, rounds = false }: LaneChanges,
): Promise<Float32Array[]> {
  const llama = openLlama(findLibraries('cpu'), () => undefined);
  const file = readModelFile(await fixtureFile('q8_0'));
  const device = openDevice(llama, 'cpu');
  const weights = new Weights(device, file, { hostTable });
  const bytes = readTensor(file, file.tokenEmbeddings);
  const { path } = file;
  const table = hostTable ? new TokenTable(llama, { ...file.tokenEmbeddings, path, bytes }) : null;
  const shape = { batchTokens: 64, sequences: 8, prefixSequences: 2, cells: 96, flashAttention: true };
  const parts = { device, weights, table, path, rounds, threads: 1, profile: emptyProfile() };
  const lane = new GraphLane({ ...shape, ...parts });
  const rows: Float32Array[] = [];
  for (const texts of batches) {
    const first = rows.length;
    await lane.decodeTexts(texts, (i, raw) => (rows[first + i] = raw.slice()));
  }
  lane.close();
  weights.close();
  return rows;
}

const plain = (tokens: readonly number[]): LaneText => ({ tokens: Int32Array.from(tokens), prefix: null });

test('graph: token vectors looked up on the host are those of the table on the device', async () => {
  const batches = [INPUTS.map(plain)];
  assert.deepEqual(await decodeWith(batches, { hostTable: true }), await decodeWith(batches, {}));
});

test('graph: texts of small batches have their vectors also where the shape is rounded up', async () => {
  const prefix = { tokens: Int32Array.from({ length: 20 }, (_, i) => 3000 + i), live: true };
  const text = (seed: number) => {
    const own = Array.from({ length: 1 + ((seed * 7) % 21) }, (_unused, j) => 100 * seed + 7 * j);
    return { own: plain([...own, 151643]), shared: plain([...prefix.tokens, ...own, 151643]) };
  };
  const batches = Array.from({ length: 40 }, (_, i) => {
    const texts = Array.from({ length: 1 + (i % 4) }, (_unused, j) => text(5 * i + j));
    return [texts.map(({ own }) => own), texts.map(({ shared }) => ({ ...shared, prefix }))];
  }).flat();
  for (const hostTable of [false, true]) {
    const exact = await decodeWith(batches, { hostTable });
    const rounded = await decodeWith(batches, { hostTable, rounds: true });
    assert.equal(rounded.length, exact.length);
    for (const [i, row] of rounded.entries())
      assert.ok(relativeDifference(exact[i] ?? assert.fail(), row) < 1e-2, `text ${String(i)}`);
  }
});

test('graph: rows of output rounded up beyond the texts leave the vectors of large batches as they are', async () => {
  const texts = Array.from({ length: 5 }, (_, i) =>
    plain(Array.from({ length: 3 + 2 * i }, (_unused, j) => 50 * i + j)),
  );
  const batches = [texts, texts.slice(0, 3), [...texts, plain(Array.from({ length: 25 }, (_, j) => 9 * j))]];
  const [exact, rounded] = [await decodeWith(batches, {}), await decodeWith(batches, { rounds: true })];
  for (const [i, row] of rounded.entries())
    assert.ok(relativeDifference(exact[i] ?? assert.fail(), row) < 1e-2, `text ${String(i)}`);
});
