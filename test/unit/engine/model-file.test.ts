import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GgufHeader } from '../../../src/convert/gguf.ts';
import { readGgufHeader } from '../../../src/convert/gguf-read.ts';
import { renderGgufHeader } from '../../../src/convert/gguf-write.ts';
import { renderHeadlessHeader } from '../../../src/engine/headless-model.ts';
import { checkModelHeader, readModelFile } from '../../../src/engine/model-file.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { fixtureFile } from '../../fixtures/tiny-model.ts';

describe('a .gguf file', () => {
  let file: string;
  before(async () => {
    file = await fixtureFile('q8_0');
  });

  /** The fixture with an edited header. */
  function edited(edit: (header: GgufHeader) => void): string {
    const header = readGgufHeader(file);
    const data = readFileSync(file).subarray(header.dataOffsetBytes);
    edit(header);
    const path = join(makeTemporaryFolder(), 'edited.gguf');
    writeFileSync(path, Buffer.concat([renderGgufHeader(header), data]));
    return path;
  }

  test('is read with its facts, end token and added tokens', () => {
    const { facts, endToken, addedTokens } = readModelFile(file);
    assert.deepEqual(facts, {
      dimensions: 64,
      contextTokens: 32768,
      vocabularySize: 151936,
      layers: 2,
      weightsType: 'Q8_0',
    });
    assert.equal(endToken, 151643);
    assert.equal(addedTokens.get('<|im_end|>'), 151645);
    assert.equal(addedTokens.has('</s>'), false);
  });

  for (const [key, message] of Object.entries({
    'qwen3.pooling_type': /has no pooling type \(qwen3\.pooling_type\), so its vectors would be wrong$/,
    'tokenizer.ggml.add_eos_token': /does not say that the end token is appended/,
    'tokenizer.ggml.eos_token_id': /its end token .* is not in the vocabulary$/,
    'qwen3.block_count': /it has no qwen3\.block_count$/,
    'general.architecture': /its architecture is null, not qwen3$/,
  })) {
    test(`without ${key} is refused with the reason`, () => {
      const path = edited(({ metadata }) => metadata.delete(key));
      assert.throws(() => readModelFile(path), { code: 'MODEL_UNSUPPORTED', message });
    });
  }

  test('that puts a token before every text is refused', () => {
    const path = edited(({ metadata }) =>
      metadata.set('tokenizer.ggml.add_bos_token', { type: 'bool', value: true }),
    );
    assert.throws(() => readModelFile(path), { message: /it puts a token before every text/ });
  });

  test('that attends to later tokens is refused', () => {
    const path = edited(({ metadata }) =>
      metadata.set('qwen3.attention.causal', { type: 'bool', value: false }),
    );
    assert.throws(() => readModelFile(path), { message: /it attends to later tokens too/ });
  });

  test('with a bias that llama.cpp does not compute is refused', () => {
    const header = readGgufHeader(file);
    const [tensor = assert.fail()] = header.tensors;
    const tensors = [...header.tensors, { ...tensor, name: 'blk.0.attn_output.bias' }];
    assert.throws(() => checkModelHeader(file, { ...header, tensors }), {
      message: /it has blk\.0\.attn_output\.bias, which llama\.cpp does not compute$/,
    });
  });

  test('with mean pooling is refused', () => {
    const path = edited(({ metadata }) => metadata.set('qwen3.pooling_type', { type: 'u32', value: 1 }));
    assert.throws(() => readModelFile(path), { message: /its pooling type is not 3 \(last token\)/ });
  });

  test('whose layer lacks a tensor is refused with its name', () => {
    const path = edited((header) => {
      header.tensors = header.tensors.filter(({ name }) => name !== 'output_norm.weight');
    });
    assert.throws(() => readModelFile(path), { message: /it has no output_norm\.weight$/ });
  });

  test('has a headless header without vocabulary and with a head of 32 rows', () => {
    const path = join(makeTemporaryFolder(), 'headless.gguf');
    const model = readModelFile(file);
    const rendered = renderHeadlessHeader(model);
    const dataBytes = model.header.tensors.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    writeFileSync(path, Buffer.concat([rendered, Buffer.alloc(dataBytes)]));
    const { metadata, tensors } = readGgufHeader(path);
    assert.deepEqual(tensors.find(({ name }) => name === 'token_embd.weight')?.shape, [64, 32]);
    assert.equal([...metadata.keys()].filter((key) => key.startsWith('tokenizer.')).length, 1);
    assert.equal(tensors.length, model.header.tensors.length);
  });
});
