// Fuzzed files of a model's folder, one or two of them at a time, read as a conversion reads them: tokenizer.json and its
// configuration are one target, all that stands around them the other.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc, { type Arbitrary } from 'fast-check';
import { readSmallFile } from '../../src/convert/files.ts';
import { planConversion } from '../../src/convert/plan.ts';
import { readModelConfig } from '../../src/models/read-config.ts';
import { readModelPrompts } from '../../src/models/prompts.ts';
import {
  listSmallTensors,
  makeSmallModel,
  SMALL_SHAPE,
  smallConfig,
  smallTokenizer,
  writeFiles,
} from '../unit/convert/small-model.ts';
import { damaged, hostileJson, rawBytes } from './hostile.ts';
import { editedJson } from './json-tree.ts';
import { endOf, makeTarget, type OpenTarget } from './target.ts';

const TOKENIZER_CONFIG = {
  added_tokens_decoder: {
    8: { content: '<|endoftext|>', special: true },
    11: { content: '<tool>', special: false },
  },
  eos_token: { content: '<|im_end|>', special: true },
  pad_token: '<|endoftext|>',
  add_bos_token: false,
  chat_template: '{{ messages }}',
};

const INDEX = {
  metadata: { total_size: 1 },
  weight_map: Object.fromEntries(listSmallTensors(SMALL_SHAPE).map(([name]) => [name, 'model.safetensors'])),
};

const CARD = `---
license: apache-2.0
language: [en, no]
tags:
  - sentence-similarity
base_model: &base Qwen/Qwen3-0.6B-Base
datasets: [*base, {name: a, url: b}]
---
# A model
`;

const json = (value: unknown): Arbitrary<Buffer> => {
  const edited = editedJson(value).map((text) => Buffer.from(text));
  return fc.oneof(
    { weight: 6, arbitrary: edited },
    { weight: 2, arbitrary: damaged(edited) },
    { weight: 1, arbitrary: rawBytes('{') },
  );
};

const card: Arbitrary<Buffer> = fc.oneof(
  damaged(fc.constant(Buffer.from(CARD))),
  hostileJson.map((text) => Buffer.from(`---\nlicense: ${text}\n---\n`)),
  rawBytes('---\n'),
);

const TOKENIZER_FILES: Record<string, Arbitrary<Buffer>> = {
  'tokenizer.json': json(smallTokenizer()),
  'tokenizer_config.json': json(TOKENIZER_CONFIG),
};

const OTHER_FILES: Record<string, Arbitrary<Buffer>> = {
  'config.json': json({
    ...smallConfig(),
    rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 64 },
    _name_or_path: 'Qwen/Qwen3-Embedding-0.6B',
  }),
  'model.safetensors.index.json': json(INDEX),
  'README.md': card,
  'generation_config.json': json({ temperature: 0.6, top_k: 20, top_p: 0.95 }),
  'modules.json': json([
    { type: 'sentence_transformers.models.Transformer', path: '' },
    { type: 'sentence_transformers.models.Pooling', path: '1_Pooling' },
  ]),
  '1_Pooling/config.json': json({ pooling_mode_lasttoken: true }),
  'chat_template.json': json({ chat_template: '{{ messages }}' }),
  'config_sentence_transformers.json': json({
    prompts: { query: 'Instruct: ', document: '' },
    default_prompt_name: null,
  }),
};

/** The folder is whole again after each input: files that it does not need go, the others come back. */
function openFiles(files: Record<string, Arbitrary<Buffer>>): OpenTarget {
  return () => {
    const modelFolder = makeSmallModel({ 'tokenizer_config.json': TOKENIZER_CONFIG });
    const names = Object.keys(files);
    const former = new Map(names.map((name) => [name, readSmallFile(join(modelFolder, name))]));
    const one = fc
      .constantFrom(...names)
      .chain((name) => (files[name] ?? card).map((bytes) => ({ name, bytes })));
    const run = async (changes: { name: string; bytes: Buffer }[]): Promise<string> => {
      for (const { name, bytes } of changes) writeFiles(modelFolder, { [name]: bytes });
      try {
        return await endOf(() => {
          readModelConfig(modelFolder);
          readModelPrompts({ kind: 'folder', path: modelFolder });
          planConversion({ modelFolder, outtype: 'bf16' });
        });
      } finally {
        for (const { name } of changes) {
          const content = former.get(name) ?? null;
          if (content === null) rmSync(join(modelFolder, name), { force: true });
          else writeFiles(modelFolder, { [name]: content });
        }
      }
    };
    return Promise.resolve(makeTarget({ inputs: fc.array(one, { minLength: 1, maxLength: 2 }), run }));
  };
}

export const openTokenizer = openFiles(TOKENIZER_FILES);
export const openModelFolder = openFiles(OTHER_FILES);
