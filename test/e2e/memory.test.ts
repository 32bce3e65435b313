// The formulas of engine/memory-need.ts against what llama.cpp and the graph allocate on the CPU: llama.cpp tells its
// buffers in its log, the graph's are asked for their sizes. A formula must never say less, and not much more.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { join } from 'node:path';
import { writeRandomModel } from '../../scripts/random-model.ts';
import { emptyProfile } from '../../src/embedder.ts';
import { openCompute } from '../../src/engine/compute.ts';
import { planLongLane, planTextLane } from '../../src/engine/lane-shapes.ts';
import type { Decoder, LaneShape, LaneText } from '../../src/engine/decoder.ts';
import { findLibraries } from '../../src/engine/libraries.ts';
import { openLlama, type Llama, type Pointer } from '../../src/engine/llama-abi.ts';
import { laneBytes, weightBytes } from '../../src/engine/memory-need.ts';
import { readModelFile, type ModelFile } from '../../src/engine/model-file.ts';
import type { Prefix } from '../../src/engine/prefixes.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFile } from '../fixtures/tiny-model.ts';

const MIB = 2 ** 20;

let log = '';
const llama = openLlama(findLibraries('cpu'), (_level, text) => {
  log += text;
});

/** Layers, widths and proportions between the tiny model's and the 0.6B's. */
const MIDDLE = { hidden: 512, layers: 4, heads: 8, kvHeads: 4, headDim: 128, ffn: 1536 };

const files: Record<string, ModelFile> = {};
before(async () => {
  const tiny = await fixtureFile('bf16');
  const middle = join(makeTemporaryFolder(), 'middle.gguf');
  writeRandomModel({ outfile: middle, vocabularyFrom: tiny, shape: MIDDLE, type: 'Q8_0' });
  files['the tiny model'] = readModelFile(tiny);
  files['a model of middle size'] = readModelFile(middle);
});

/** `llama` that keeps count of the graph's buffers. */
function countBuffers(): { counted: Llama; sizeBytes: () => number } {
  const bufferSize = llama.bindGgml<(buffer: Pointer) => number>(
    'base',
    'size_t ggml_backend_buffer_get_size(void *buffer)',
  );
  const allocatorSize = llama.bindGgml<(allocator: Pointer, index: number) => number>(
    'base',
    'size_t ggml_gallocr_get_buffer_size(void *allocator, int index)',
  );
  const buffers = new Map<Pointer, number>();
  const allocators: Pointer[] = [];
  const watch: Record<string, (call: (...args: never[]) => Pointer) => unknown> = {
    ggml_backend_alloc_ctx_tensors_from_buft:
      (call) =>
      (...args: never[]) => {
        const buffer = call(...args);
        buffers.set(buffer, bufferSize(buffer));
        return buffer;
      },
    ggml_backend_buffer_free: (call) => (buffer: never) => {
      buffers.delete(buffer);
      return call(buffer);
    },
    ggml_gallocr_new:
      (call) =>
      (...args: never[]) => {
        const allocator = call(...args);
        allocators.push(allocator);
        return allocator;
      },
  };
  const bindGgml = (library: 'base' | 'ggml', signature: string): unknown => {
    const bound: unknown = llama.bindGgml(library, signature);
    const watcher = watch[/\b(ggml_\w+)\(/.exec(signature)?.[1] ?? ''];
    return watcher === undefined ? bound : watcher(bound as (...args: never[]) => Pointer);
  };
  return {
    counted: { ...llama, bindGgml: bindGgml as Llama['bindGgml'] },
    sizeBytes: () =>
      [...buffers.values()].reduce((sum, size) => sum + size, 0) +
      allocators.reduce((sum, allocator) => sum + allocatorSize(allocator, 0), 0),
  };
}

const open = (file: ModelFile, own: Llama, compute: 'llama' | 'graph') =>
  openCompute({
    compute,
    llama: own,
    file,
    gpuLayers: 0,
    threads: 1,
    profile: emptyProfile(),
  });

const text = (batchTokens: number, prefixTokens: number, flashAttention: boolean): LaneShape =>
  planTextLane({ batchTokens, batchTexts: null, prefixTokens, flashAttention });
const long = (chunkTokens: number, contextTokens: number): LaneShape =>
  planLongLane({ chunkTokens, contextTokens }, contextTokens);

const LANES: Record<string, LaneShape> = {
  'a batch of 256 tokens without flash attention': text(256, 96, false),
  'a batch of 1,024 tokens without prefixes or flash attention': text(1024, 0, false),
  'a batch of 2,048 tokens': text(2048, 512, true),
  'a text of 8,192 tokens in chunks of 256': long(256, 8192),
  'a text of 32,768 tokens in chunks of 2,048': long(2048, 32_768),
};

for (const model of ['the tiny model', 'a model of middle size']) {
  describe(model, () => {
    const file = () => files[model] ?? assert.fail();

    test('has as many bytes of weights as the formula says', () => {
      const { shape, facts, header, tokenEmbeddings } = file();
      const expected = header.tensors.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const type = facts.weightsType === 'Q8_0' ? 'Q8_0' : 'BF16';
      const { layers, tokenTable } = weightBytes({ ...shape, vocabulary: facts.vocabularySize }, type);
      assert.deepEqual([layers + tokenTable, tokenTable], [expected, tokenEmbeddings.sizeBytes]);
    });

    for (const [what, lane] of Object.entries(LANES))
      test(`takes in llama.cpp what the formula says for ${what}`, () => {
        const compute = open(file(), llama, 'llama');
        log = '';
        compute.openLane(lane).close();
        compute.close();
        const told = (buffer: string) =>
          Number(new RegExp(`${buffer} buffer size = +([\\d.]+) MiB`).exec(log)?.[1]) * MIB;
        const need = laneBytes('llama', file().shape, lane);
        assertClose(need.keysValues + need.prefixes, { actual: told('KV'), excess: 0.01 });
        assertClose(need.compute, { actual: told('compute'), excess: 0.15 });
      });

    for (const [batchTokens, prefixTokens, flashAttention] of [
      [256, 96, false],
      [512, 192, true],
    ] as const)
      test(`takes in our own graph at most what the formula says for batches of ${String(batchTokens)}`, async () => {
        const lane = text(batchTokens, prefixTokens, flashAttention);
        await assertGraphFits(file(), lane, async (decoder) => {
          for (const texts of costlyBatches(lane)) await decoder.decodeTexts(texts, () => undefined);
        });
      });

    test('takes in our own graph what the formula says for a text in chunks', async () => {
      const lane = long(256, 1024);
      await assertGraphFits(file(), lane, async (decoder) => {
        for (let at = 0; at < 1024; at += 256) await decoder.decodeChunk(tokens(256), at, at === 768);
      });
    });
  });
}

async function assertGraphFits(
  file: ModelFile,
  lane: LaneShape,
  use: (decoder: Decoder) => Promise<void>,
): Promise<void> {
  const { counted, sizeBytes } = countBuffers();
  const compute = open(file, counted, 'graph');
  const weights = sizeBytes();
  const decoder = compute.openLane(lane);
  await use(decoder);
  const need = laneBytes('graph', file.shape, lane);
  // The formula counts for every batch the most costly one; and inputs grow by whole megabytes.
  assertClose(need.keysValues + need.prefixes + need.compute, {
    actual: sizeBytes() - weights,
    excess: 1,
    slackBytes: 2 * MIB,
  });
  decoder.close();
  compute.close();
}

const tokens = (count: number) => new Int32Array(count).fill(7);

/** As many texts as go, all behind one long prefix; and short ones beside one of 32 tokens. */
function costlyBatches({ batchTokens, sequences, cells }: LaneShape): LaneText[][] {
  const prefix: Prefix = { tokens: tokens(cells - batchTokens), live: true };
  const fill = (own: number, behind: Prefix | null): LaneText[] => {
    const texts: LaneText[] = [];
    for (let left = own; left > 0 && texts.length < sequences;) {
      const length = Math.min(left, texts.length === 0 ? 32 : 1);
      texts.push({ tokens: tokens((behind?.tokens.length ?? 0) + length), prefix: behind });
      left -= length;
    }
    return texts;
  };
  return [fill(batchTokens - prefix.tokens.length, prefix), fill(batchTokens, null)];
}

/** `excess` is the share by which the formula may say more; the log's megabytes have two digits. */
function assertClose(
  planned: number,
  { actual, excess, slackBytes = 0.02 * MIB }: { actual: number; excess: number; slackBytes?: number },
): void {
  assert.ok(actual > 0);
  assert.ok(planned >= actual - 0.02 * MIB, `${String(planned)} planned, ${String(actual)} taken`);
  assert.ok(
    planned <= (1 + excess) * actual + slackBytes,
    `${String(planned)} planned, ${String(actual)} taken`,
  );
}
